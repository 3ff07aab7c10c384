import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { Waveform } from '../../runtime/src/attachments/waveform.ts';

const RATE = 8_000;

/** Sound of so many seconds, `loudness` of each sample by its place from 0 to 1. */
function sound(seconds: number, loudness: (place: number) => number): Buffer {
  const samples = Math.round(seconds * RATE);
  const bytes = Buffer.alloc(samples * 2);
  for (let at = 0; at < samples; at += 1) {
    bytes.writeInt16LE(Math.round((at % 2 === 0 ? 1 : -1) * 32_000 * loudness(at / samples)), at * 2);
  }
  return bytes;
}

function drawn(bytes: Buffer, chunk = bytes.length): { bars: number[]; seconds: number } {
  const waveform = new Waveform(RATE);
  for (let at = 0; at < bytes.length; at += chunk) waveform.add(bytes.subarray(at, at + chunk));
  return { bars: [...waveform.bars()], seconds: waveform.seconds };
}

test('sound that swells is drawn as it swells, in 64 bars to a hundred', () => {
  const { bars, seconds } = drawn(sound(10, (place) => place));
  expect(bars).toHaveLength(64);
  expect(bars).toEqual([...bars].sort((a, b) => a - b));
  expect([bars[0], bars[63]]).toEqual([expect.any(Number), 100]);
  expect(bars[0]).toBeLessThan(5);
  expect(seconds).toBe(10);
});

test('silence is flat, and the shortest sound lasts a second', () => {
  expect(drawn(sound(0.2, () => 0))).toEqual({ bars: new Array(64).fill(0), seconds: 1 });
  expect(drawn(Buffer.alloc(0)).bars).toHaveLength(64);
});

test('is the same however the sound comes in', () => {
  const bytes = sound(3, (place) => Math.abs(Math.sin(place * 9)));
  const whole = drawn(bytes);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), (chunk) => expect(drawn(bytes, chunk)).toEqual(whole)),
    {
      numRuns: 20,
    },
  );
});
