/** Bytes on their way through a proxy: counted, delayed, throttled. */
import type { Socket } from 'node:net';
import { DelayLine } from '../delay-line.ts';
import type { ProxyFaults } from './proxies.ts';

/** Passes what comes from one socket to the other until either ends; the end is passed on too, after all that was said. */
export function passBytes(from: Socket, to: Socket, count: (bytes: number) => void, faults: ProxyFaults): void {
  const line = new DelayLine();
  /** When the last piece will have gone out. */
  let busyUntil = 0;
  let hasEnded = false;
  let hasClosed = false;
  const finish = () => {
    if (!line.isEmpty) return;
    if (hasClosed) to.destroySoon();
    else if (hasEnded) to.end();
  };
  from.on('data', (data) => {
    count(data.length);
    const now = performance.now();
    const takesMs = faults.bytesPerSecond > 0 ? (data.length / faults.bytesPerSecond) * 1_000 : 0;
    busyUntil = Math.max(busyUntil, now + faults.delayMs) + takesMs;
    if (takesMs > 0) from.pause();
    line.put(
      () => {
        to.write(data);
        from.resume();
        finish();
      },
      Math.max(0, busyUntil - now),
    );
  });
  from.on('end', () => {
    hasEnded = true;
    finish();
  });
  from.on('close', () => {
    hasClosed = true;
    // Who breaks off takes back what is still on the way; who ends does not.
    if (hasEnded) finish();
    else to.destroy();
  });
  to.on('close', () => line.clear());
}
