/** Videos, and pictures that move: what phones play, with what they show before it plays. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileFacts } from '../content.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { formatOf, shownType } from './kinds.ts';
import type { Made } from './making.ts';
import { thumbnailOf } from './pictures.ts';

/** Every phone decodes this; sides must be even, and the longer one is no more than phones show. */
const SIDES = "scale='min(1280,iw)':'min(1280,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2";
const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p', '-vf', SIDES];
const AAC = ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'];

/** `loop` leaves the sound away. */
export async function makeFilm(ffmpeg: Ffmpeg, folder: string, found: string, loop: boolean): Promise<Made> {
  const loops = loop ? { loops: true as const } : {};
  const given = { path: join(folder, 'in'), format: formatOf(found) };
  const before = await look(ffmpeg, folder, given);
  const shown = shownType('video', found);
  if (shown !== null && before.codec === 'h264')
    return { path: given.path, mimetype: shown, facts: { ...before.facts, ...loops } };
  const path = join(folder, 'film.mp4');
  await ffmpeg.run([
    ...['-f', given.format, '-i', given.path, '-map', '0:v:0', ...(loop ? ['-an'] : ['-map', '0:a:0?', ...AAC])],
    ...[...H264, '-map_metadata', '-1', '-movflags', '+faststart', '-f', 'mp4', '-y', path],
  ]);
  const { facts } = await look(ffmpeg, folder, { path, format: 'mov' });
  return { path, mimetype: 'video/mp4', facts: { ...facts, ...loops } };
}

/** The first picture, the size, the length and the codec. */
async function look(ffmpeg: Ffmpeg, folder: string, { path, format }: { path: string; format: string }) {
  const picture = join(folder, 'first.png');
  const said = await ffmpeg.run([
    '-f',
    format,
    '-i',
    path,
    '-map',
    '0:v:0',
    '-frames:v',
    '1',
    '-f',
    'image2',
    '-y',
    picture,
  ]);
  const { thumbnail, width, height } = await thumbnailOf(await readFile(picture));
  const seconds = lengthIn(said);
  const facts: Partial<FileFacts> = { thumbnail, width, height, ...(seconds !== null && { seconds }) };
  return { codec: /Stream #0:.*?: Video: (\w+)/.exec(said)?.[1] ?? '', facts };
}

/** Whole seconds, at least one; null when the file does not say. */
function lengthIn(said: string): number | null {
  const [, hours, minutes, seconds] = /Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(said) ?? [];
  if (hours === undefined) return null;
  return Math.max(1, Math.round(Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)));
}
