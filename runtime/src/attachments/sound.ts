/** Music and voice messages. */
import { join } from 'node:path';
import type { Ffmpeg } from './ffmpeg.ts';
import { formatOf } from './kinds.ts';
import type { Made } from './making.ts';
import { Waveform } from './waveform.ts';

const VOICE = 'audio/ogg; codecs=opus';
const MUSIC = 'audio/mp4';
/** As phones record: one channel, 48 kHz, tuned for speech. */
const OPUS = ['-c:a', 'libopus', '-application', 'voip', '-b:a', '32k', '-ac', '1', '-ar', '48000'];
/** The same sound gives the same file, without the names and pictures that were in it. */
const BARE = ['-vn', '-sn', '-dn', '-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact'];
const DRAWN_RATE = 8_000;

/** A voice message of any sound. What is Opus with one channel already is not encoded a second time. */
export async function makeVoice(ffmpeg: Ffmpeg, folder: string, found: string, head: Buffer): Promise<Made> {
  const path = join(folder, 'voice.ogg');
  const waveform = new Waveform(DRAWN_RATE);
  const encoding = found === VOICE && isMonoOpus(head) ? ['-c:a', 'copy'] : OPUS;
  await ffmpeg.run(
    [
      ...['-f', formatOf(found), '-i', join(folder, 'in')],
      ...['-map', '0:a:0', ...BARE, ...encoding, '-f', 'ogg', '-y', path],
      ...['-map', '0:a:0', '-ac', '1', '-ar', String(DRAWN_RATE), '-f', 's16le', 'pipe:1'],
    ],
    (chunk) => waveform.add(chunk),
  );
  return { path, mimetype: VOICE, facts: { seconds: waveform.seconds, waveform: waveform.bars().toString('base64') } };
}

/** Music that phones do not know, as AAC. */
export async function makeMusic(ffmpeg: Ffmpeg, folder: string, found: string): Promise<Made> {
  const path = join(folder, 'music.m4a');
  await ffmpeg.run([
    ...['-f', formatOf(found), '-i', join(folder, 'in')],
    ...['-map', '0:a:0', ...BARE, '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart', '-f', 'ipod', '-y', path],
  ]);
  return { path, mimetype: MUSIC, facts: {} };
}

/** Its head (RFC 7845 5.1): the mark, a version, and the number of channels. */
function isMonoOpus(head: Buffer): boolean {
  const mark = head.indexOf('OpusHead');
  return mark >= 0 && head[mark + 9] === 1;
}
