/**
 * What is made of a file before it is sent: what phones cannot show is converted, and what they show before they have the file
 * (a small picture, the length, the sound drawn) is found out.
 *
 * Sound and film are converted from a copy in clear, as ffmpeg reads nothing else, in a folder that is removed at once.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStream } from 'music-metadata';
import type { Readable } from 'node:stream';
import type { FileFacts } from '../content.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { makeFilm } from './film.ts';
import { shownType, type ShownKind } from './kinds.ts';
import { makeJpeg, makeSticker, thumbnailOf } from './pictures.ts';
import { makeMusic, makeVoice } from './sound.ts';

export type Derived = Partial<Omit<FileFacts, 'source' | 'address' | 'bytes' | 'mimetype'>>;

/** A file that was made, or was found to be right. */
export interface Made {
  path: string;
  mimetype: string;
  facts: Derived;
}

/** What is sent, to be read once; `done` removes what it was made of. */
export interface Ready {
  bytes: AsyncIterable<Uint8Array>;
  mimetype: string;
  facts: Derived;
  done(): Promise<void>;
}

export interface ToMake {
  kind: ShownKind;
  /** The MIME type by the bytes. */
  found: string;
  /** The first bytes, and all. */
  head: Buffer;
  all: AsyncIterable<Uint8Array>;
  /** A video that is to play over and over. */
  loop: boolean;
  /** A folder to work in, to be made. */
  folder: string;
}

/** Throws `file_not_usable`, `ffmpeg_missing`, `unavailable`. */
export async function make(ffmpeg: Ffmpeg, asked: ToMake): Promise<Ready> {
  switch (asked.kind) {
    case 'image':
    case 'sticker':
      return await makePicture(asked);
    case 'video':
    case 'audio':
    case 'voice':
      return await makeByFfmpeg(ffmpeg, asked);
    default:
      return asked.kind satisfies never;
  }
}

async function makePicture({ kind, found, all }: ToMake): Promise<Ready> {
  const given = await collected(all);
  if (kind === 'sticker') {
    const { bytes, animated } = await makeSticker(given, found);
    const facts = { width: 512, height: 512, ...(animated && { animated: true as const }) };
    return { bytes: once(bytes), mimetype: 'image/webp', facts, done: nothing };
  }
  const shown = shownType('image', found);
  const bytes = shown === null ? await makeJpeg(given) : given;
  return { bytes: once(bytes), mimetype: shown ?? 'image/jpeg', facts: await thumbnailOf(bytes), done: nothing };
}

async function makeByFfmpeg(ffmpeg: Ffmpeg, asked: ToMake): Promise<Ready> {
  const { kind, found, all, folder } = asked;
  const shown = shownType(kind, found);
  const asItIs = shown !== null && (kind === 'audio' || !(await ffmpeg.isThere()));
  if (asItIs) return { bytes: all, mimetype: shown, facts: {}, done: nothing };
  const done = () => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, 'in'), all, { mode: 0o600 });
    const { path, mimetype, facts } = await makeOf(ffmpeg, asked);
    // Opened at once: a file that is not there fails here and not in the middle of what reads it.
    const file = await open(path);
    return { bytes: createReadStream(path, { fd: file }), mimetype, facts, done };
  } catch (error) {
    await done();
    throw error;
  }
}

async function makeOf(ffmpeg: Ffmpeg, { kind, found, head, loop, folder }: ToMake): Promise<Made> {
  if (kind === 'voice') return await makeVoice(ffmpeg, folder, found, head);
  if (kind === 'audio') return await makeMusic(ffmpeg, folder, found);
  return await makeFilm(ffmpeg, folder, found, loop || found === 'image/gif');
}

/** How long music lasts, whole seconds; undefined when it does not show. */
export async function lengthOf(stream: Readable, mimetype: string, size: number): Promise<number | undefined> {
  try {
    const { format } = await parseStream(stream, { mimeType: mimetype, size }, { duration: true });
    return format.duration === undefined ? undefined : Math.max(1, Math.round(format.duration));
  } catch {
    return undefined;
  } finally {
    stream.destroy();
  }
}

async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const nothing = async () => undefined;
