/**
 * Files at rest: encrypted while they are written, and read back whole or in part without opening the rest.
 *
 * A file is the mark, a salt, and pieces of 64 KiB, each AES-256-GCM under the file's own key (`Seal.fileKey`). A piece is bound
 * to its place and the last one says that it is: pieces moved, taken away or cut off are noticed when they are read.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Seal } from './seal.ts';

const ALGORITHM = 'aes-256-gcm';
const MARK = Buffer.from('WSF1');
const SALT_BYTES = 16;
const HEAD_BYTES = MARK.length + SALT_BYTES;
const PIECE_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const SEALED_PIECE_BYTES = PIECE_BYTES + TAG_BYTES;

/** A part of a file: from the byte `start` to before the byte `end`. */
export interface Part {
  start: number;
  end: number;
}

/**
 * Writes a file that must not be there yet; on the disk for certain, its name too, when it resolves. Nothing stays of one whose source
 * fails. `context` (what it is and whose) must be the same when it is read.
 */
export async function writeSealed(
  path: string,
  seal: Seal,
  context: string,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const salt = randomBytes(SALT_BYTES);
    await file.write(Buffer.concat([MARK, salt]));
    const key = seal.fileKey(salt, context);
    let index = 0;
    for await (const { piece, last } of pieces(source)) await file.write(sealPiece(key, index++, piece, last));
    await file.sync();
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  await file.close();
  await syncDirectory(dirname(path));
}

/** Makes what was created, renamed or removed in a directory last over a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** How many bytes were sealed into a file. */
export async function sealedLength(path: string): Promise<number> {
  return layoutOf((await stat(path)).size).length;
}

/** What was sealed, or a part of it. Throws when the file is not whole, was changed, or was sealed as something else. */
export async function* readSealed(path: string, seal: Seal, context: string, part?: Part): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const head = await readExactly(file, 0, HEAD_BYTES);
    if (!head.subarray(0, MARK.length).equals(MARK)) throw new Error('not a sealed file of this version');
    const key = seal.fileKey(head.subarray(MARK.length), context);
    const { length, count } = layoutOf((await file.stat()).size);
    const { start, end } = { start: part?.start ?? 0, end: Math.min(part?.end ?? length, length) };
    for (let index = Math.floor(start / PIECE_BYTES); index < count; index += 1) {
      const from = index * PIECE_BYTES;
      // The one piece of an empty file is opened all the same: it could have been emptied.
      if (from >= end && length > 0) break;
      const bytes = Math.min(PIECE_BYTES, length - from);
      const sealed = await readExactly(file, HEAD_BYTES + index * SEALED_PIECE_BYTES, bytes + TAG_BYTES);
      const piece = openPiece(key, index, sealed, index === count - 1);
      const wanted = piece.subarray(Math.max(start - from, 0), end - from);
      if (wanted.length > 0) yield wanted;
    }
  } finally {
    await file.close();
  }
}

function layoutOf(size: number): { length: number; count: number } {
  const count = Math.max(1, Math.ceil((size - HEAD_BYTES) / SEALED_PIECE_BYTES));
  return { length: Math.max(0, size - HEAD_BYTES - count * TAG_BYTES), count };
}

/** The source in pieces of the right size, an empty one for an empty source. */
async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    // A full piece is held back until more has come: it may be the last.
    if (length <= PIECE_BYTES) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; length - at > PIECE_BYTES; at += PIECE_BYTES) {
      yield { piece: all.subarray(at, at + PIECE_BYTES), last: false };
    }
    held = [all.subarray(at)];
    length -= at;
  }
  yield { piece: Buffer.concat(held), last: true };
}

function sealPiece(key: Buffer, index: number, piece: Buffer, last: boolean): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, placeOf(index)).setAAD(Buffer.of(Number(last)));
  return Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
}

function openPiece(key: Buffer, index: number, sealed: Buffer, last: boolean): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, placeOf(index)).setAAD(Buffer.of(Number(last)));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}

/** The IV: the file's key is used for nothing else, so that the place of a piece never comes twice. */
function placeOf(index: number): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeBigUInt64BE(BigInt(index), 4);
  return iv;
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead !== length) throw new Error('the sealed file is cut off');
  return buffer;
}
