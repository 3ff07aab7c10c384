/** What is made of files before they are sent: voice messages, stickers, videos, and what shows before a file has come. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { Contact, ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
const OPUS = 'audio/ogg; codecs=opus';
const ffmpeg = process.env.FFMPEG_PATH ?? 'ffmpeg';
const hasFfmpeg = spawnSync(ffmpeg, ['-version']).status === 0;
let flow: Flow;
let receiver: Receiver;
let ann: Contact;
let nextPhone = 15_550_100_601;

async function begin(environment: Record<string, string>): Promise<void> {
  ({ flow, receiver } = await startLinkedFlow(environment));
  trustMediaHost(flow.sandbox);
}
async function finish(): Promise<void> {
  expect(readdirSync(join(flow.directory, 'sales', 'outgoing'))).toEqual([]);
  await flow.end();
  await receiver.stop();
}

async function send(kind: string, bytes: Buffer, what: object = {}) {
  ann = flow.sandbox.contact(String(nextPhone++));
  const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
  const body = { sessionId: 'sales', to: ann.phone, base64: bytes.toString('base64'), ...what };
  return await flow.call('POST', `/messages/${kind}`, body);
}

async function shown(kind: string, bytes: Buffer, what: object = {}): Promise<{ row: ScreenMessage; file: Buffer }> {
  const { status, body } = await send(kind, bytes, what);
  expect([status, body.error]).toEqual([202, undefined]);
  const row = await ann.waitForMessage(({ messageId }) => messageId === body.data.messageId, DEADLINE_MS);
  return { row, file: await row.file() };
}

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 30, b: 30, alpha: 0.5 } } });

describe('without ffmpeg', () => {
  beforeAll(() => begin({ FFMPEG_PATH: '/nowhere/ffmpeg' }), 60_000);
  afterAll(finish, 30_000);

  test('a picture shows its size and a small one of itself', async () => {
    const { row, file } = await shown('image', await picture(640, 320).jpeg().toBuffer());
    const { width, height, jpegThumbnail } = row.content.imageMessage ?? {};
    expect([width, height]).toEqual([640, 320]);
    const small = await sharp(Buffer.from(jpegThumbnail ?? [])).metadata();
    expect([small.format, small.width, small.height]).toEqual(['jpeg', 100, 50]);
    expect((await sharp(file).metadata()).format).toBe('jpeg');
  });

  test('a picture that was held upright has the size it is seen in', async () => {
    const { row } = await shown('image', await picture(640, 320).jpeg().withMetadata({ orientation: 6 }).toBuffer());
    expect(row.content.imageMessage).toMatchObject({ width: 320, height: 640 });
  });

  test.each(['webp', 'avif', 'tiff'] as const)('a picture as %s is made a JPEG', async (format) => {
    const { row, file } = await shown('image', await picture(64, 48).toFormat(format).toBuffer());
    expect(row.content.imageMessage).toMatchObject({ mimetype: 'image/jpeg', width: 64, height: 48 });
    expect(await sharp(file).metadata()).toMatchObject({ format: 'jpeg', width: 64, height: 48 });
  });

  test('a picture is made a sticker of 512 by 512, clear where it is not', async () => {
    const { row, file } = await shown('sticker', await picture(200, 100).png().toBuffer());
    expect(row).toMatchObject({
      kind: 'sticker',
      content: { stickerMessage: { mimetype: 'image/webp', width: 512, height: 512 } },
    });
    expect(await sharp(file).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512, hasAlpha: true });
    const { data } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    expect(data[3]).toBe(0);
    expect(file.length).toBeLessThanOrEqual(100_000);
  });

  test('a sticker that is right already is sent byte for byte', async () => {
    const right = await picture(512, 512).webp().toBuffer();
    expect(right.equals((await shown('sticker', right)).file)).toBe(true);
  });

  test('a picture that moves is made a sticker that moves', async () => {
    const frames = await Promise.all(
      [10, 200].map((red) =>
        sharp({ create: { width: 80, height: 80, channels: 3, background: { r: red, g: 0, b: 0 } } })
          .png()
          .toBuffer(),
      ),
    );
    const gif = await sharp(frames, { join: { animated: true } })
      .gif({ delay: [100, 100] })
      .toBuffer();
    const { row, file } = await shown('sticker', gif);
    expect(row.content.stickerMessage).toMatchObject({ isAnimated: true });
    expect(await sharp(file, { animated: true }).metadata()).toMatchObject({
      format: 'webp',
      pages: 2,
      width: 512,
      pageHeight: 512,
    });
  });

  test('music says how long it is', async () => {
    const { row } = await shown('audio', SAMPLES.mp3);
    expect(row.content.audioMessage).toMatchObject({ seconds: 2 });
    expect(row.kind).toBe('audio');
  });

  test('a voice message that is one already is sent as it is, and a video as well', async () => {
    const { row, file } = await shown('audio', SAMPLES.voice, { voice: true });
    expect(row).toMatchObject({ kind: 'voice', content: { audioMessage: { mimetype: OPUS, ptt: true } } });
    expect(SAMPLES.voice.equals(file)).toBe(true);
    expect(SAMPLES.mp4.equals((await shown('video', SAMPLES.mp4)).file)).toBe(true);
  });

  test.each<[string, string, Buffer, object]>([
    ['music for a voice message', 'audio', SAMPLES.mp3, { voice: true }],
    [
      'a GIF for a video',
      'video',
      Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
      {},
    ],
  ])('%s is refused, with what to do', async (_what, kind, bytes, what) => {
    const answer = await send(kind, bytes, what);
    expect(answer).toMatchObject({
      status: 422,
      body: { error: { code: 'ffmpeg_missing', hint: expect.stringContaining('FFMPEG_PATH') } },
    });
  });

  test('a damaged picture is refused', async () => {
    const answer = await send('image', SAMPLES.jpeg.subarray(0, 300));
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'file_not_usable', details: [expect.stringContaining('damaged')] } },
    });
  });
});

const title = 'with ffmpeg';
function withFfmpeg(): void {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'files-made-'));
    await begin({ FFMPEG_PATH: ffmpeg });
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await finish();
  }, 30_000);

  /** A file made by ffmpeg of what it is told to make it of. */
  function made(name: string, ...args: string[]): Buffer {
    const path = join(folder, name);
    const { status, stderr } = spawnSync(ffmpeg, ['-nostdin', '-v', 'error', ...args, '-y', path]);
    expect([status, String(stderr)]).toEqual([0, '']);
    return readFileSync(path);
  }
  /** What ffmpeg says of a file. */
  function inside(file: Buffer): string {
    writeFileSync(join(folder, 'look'), file);
    return String(spawnSync(ffmpeg, ['-nostdin', '-hide_banner', '-i', join(folder, 'look')]).stderr);
  }
  const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=300:duration=${seconds}`];
  /** Silent for two seconds, loud for two. */
  const swelling = [...tone(4), '-af', "volume='if(lt(t,2),0,1)':eval=frame"];
  const film = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:duration=3'];

  test.each<[string, string[]]>([
    ['wav', ['-ac', '2']],
    ['mp3', []],
    ['flac', []],
    ['m4a', []],
    ['ogg', ['-c:a', 'libvorbis', '-ac', '2']],
    ['opus', ['-c:a', 'libopus', '-ac', '2']],
    ['webm', ['-c:a', 'libopus']],
  ])('%s becomes a voice message that phones play, with its length and drawn', async (extension, args) => {
    const { row, file } = await shown('audio', made(`voice.${extension}`, ...swelling, ...args), { voice: true });
    const message = row.content.audioMessage;
    expect(message).toMatchObject({ ptt: true, mimetype: OPUS, seconds: 4 });
    const bars = [...(message?.waveform ?? [])];
    expect(bars).toHaveLength(64);
    expect(Math.max(...bars.slice(0, 28))).toBeLessThan(15);
    expect(Math.min(...bars.slice(36, 60))).toBeGreaterThan(60);
    expect(inside(file)).toMatch(/Audio: opus, 48000 Hz, mono/);
    expect(file.subarray(0, 4).toString()).toBe('OggS');
  });

  test('what is a voice message already is not encoded again, only drawn', async () => {
    const { row, file } = await shown('audio', SAMPLES.voice, { voice: true });
    expect(row.content.audioMessage).toMatchObject({ seconds: 2 });
    expect(row.content.audioMessage?.waveform).toHaveLength(64);
    expect(inside(file)).toMatch(/Audio: opus, 48000 Hz, mono/);
  });

  test('the sound of a video becomes a voice message; a video without sound does not', async () => {
    expect((await shown('audio', SAMPLES.mp4, { voice: true })).row).toMatchObject({ kind: 'voice' });
    const silent = await send('audio', made('silent.mp4', ...film, '-pix_fmt', 'yuv420p'), { voice: true });
    expect(silent).toMatchObject({ status: 400, body: { error: { code: 'file_not_usable' } } });
  });

  test('music that phones do not know becomes AAC', async () => {
    const { row, file } = await shown('audio', made('music.flac', ...tone(3)));
    expect(row.content.audioMessage).toMatchObject({ mimetype: 'audio/mp4', seconds: 3 });
    expect(inside(file)).toMatch(/Audio: aac/);
  });

  test('a video that phones play is sent byte for byte, with its first picture, size and length', async () => {
    const { row, file } = await shown('video', SAMPLES.mp4);
    expect(SAMPLES.mp4.equals(file)).toBe(true);
    const { seconds, width, height, jpegThumbnail } = row.content.videoMessage ?? {};
    expect([seconds, width, height]).toEqual([2, 64, 48]);
    expect((await sharp(Buffer.from(jpegThumbnail ?? [])).metadata()).format).toBe('jpeg');
  });

  test.each<[string, string[]]>([
    ['film.mov', ['-c:v', 'libx264', '-pix_fmt', 'yuv420p']],
    ['film.webm', ['-c:v', 'libvpx-vp9', '-deadline', 'realtime']],
    ['film.mkv', ['-c:v', 'mpeg4']],
    ['film.avi', ['-c:v', 'mpeg4']],
    ['mpeg4.mp4', ['-c:v', 'mpeg4']],
  ])('%s becomes a video that every phone plays', async (name, args) => {
    const { row, file } = await shown('video', made(name, ...film, ...tone(3), ...args));
    expect(row.content.videoMessage).toMatchObject({ mimetype: 'video/mp4', width: 64, height: 48, seconds: 3 });
    expect(inside(file)).toMatch(/Video: h264.*yuv420p/);
    expect(inside(file)).toMatch(/Audio: aac/);
  });

  test('a GIF becomes a video that plays over and over, without sound, with even sides', async () => {
    const { row, file } = await shown(
      'video',
      made('odd.gif', '-f', 'lavfi', '-i', 'testsrc=size=65x49:rate=5:duration=2'),
    );
    expect(row).toMatchObject({ kind: 'gif', content: { videoMessage: { mimetype: 'video/mp4', gifPlayback: true } } });
    expect(inside(file)).toMatch(/Video: h264.* 64x48/);
    expect(inside(file)).not.toMatch(/Audio/);
  });

  test('nothing is read but the file itself: a playlist, by whatever name, is refused', async () => {
    writeFileSync(join(folder, 'secret.wav'), made('secret.wav', ...tone(1)));
    const playlist = Buffer.from(`ffconcat version 1.0\nfile ${join(folder, 'secret.wav')}\n`);
    expect(await send('audio', playlist, { voice: true })).toMatchObject({
      status: 400,
      body: { error: { code: 'file_not_usable' } },
    });
    const posing = Buffer.concat([Buffer.from('RIFF\u0000\u0000\u0000\u0000WAVE'), playlist]);
    expect(await send('audio', posing, { voice: true })).toMatchObject({
      status: 400,
      body: { error: { code: 'file_not_usable' } },
    });
  });

  test('the same request again is the same message, though it is converted again', async () => {
    const wav = made('again.wav', ...tone(1));
    const first = await shown('audio', wav, { voice: true });
    const body = { sessionId: 'sales', to: ann.phone, base64: wav.toString('base64'), voice: true };
    const second = await flow.call('POST', '/messages/audio', body);
    expect(second).toMatchObject({ status: 429, body: { error: { code: 'duplicate_message' } } });
    expect(first.row.arrivals).toBe(1);
  });
}

if (hasFfmpeg || process.env.REQUIRE_ALL === '1') describe(title, withFfmpeg);
else test.skip(`${title} (no ffmpeg: install it, or set FFMPEG_PATH)`, () => undefined);
