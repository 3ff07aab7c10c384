import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSeal, newDataKey } from '../../runtime/src/seal.ts';
import { readSealed, sealedLength, writeSealed, type Part } from '../../runtime/src/sealed-file.ts';

const PIECE = 64 * 1024;
const SEALED_PIECE = PIECE + 16;
const HEAD = 20;
const seal = createSeal(newDataKey());
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealed-file-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(part?: Part, context = 'mine', by = seal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readSealed(path, by, context, part)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const LENGTHS = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 200_001];

test.each(LENGTHS)(
  '%i bytes come back as they were, however they came in, and nothing shows on the disk',
  async (length) => {
    const bytes = randomBytes(length);
    for (const size of [1_000, PIECE, 150_000]) {
      await writeSealed(path, seal, 'mine', inChunks(bytes, size));
      expect(bytes.equals(await read())).toBe(true);
      expect(await sealedLength(path)).toBe(length);
      if (length > 16) expect(readFileSync(path).includes(bytes.subarray(0, 16))).toBe(false);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      rmSync(path);
    }
  },
);

test('any part is read without the rest', async () => {
  const bytes = randomBytes(3 * PIECE + 500);
  await writeSealed(path, seal, 'mine', inChunks(bytes, 10_000));
  const edges = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 499, bytes.length, bytes.length + 10];
  for (const start of edges) {
    for (const end of edges.filter((each) => each >= start)) {
      expect(bytes.subarray(start, end).equals(await read({ start, end }))).toBe(true);
    }
  }
});

test('a file as long as two pieces that lost one, was changed or shuffled, or is of somebody else cannot be read', async () => {
  await writeSealed(path, seal, 'mine', inChunks(randomBytes(2 * PIECE), PIECE));
  const whole = readFileSync(path);
  const [first, second] = [whole.subarray(HEAD, HEAD + SEALED_PIECE), whole.subarray(HEAD + SEALED_PIECE)];
  await expect(read(undefined, 'theirs')).rejects.toThrow();
  await expect(read(undefined, 'mine', createSeal(newDataKey()))).rejects.toThrow();
  for (const damage of [
    Buffer.concat([whole.subarray(0, HEAD), first]),
    Buffer.concat([whole.subarray(0, HEAD), second, first]),
    Buffer.concat([whole, first]),
    whole.subarray(0, -1),
    whole.subarray(0, HEAD),
    whole.with(HEAD + 5, (whole[HEAD + 5] ?? 0) ^ 1),
    whole.with(0, 0),
  ]) {
    writeFileSync(path, damage);
    await expect(read()).rejects.toThrow();
  }
});

test('an empty file that was more once is noticed', async () => {
  await writeSealed(path, seal, 'mine', inChunks(randomBytes(10), 10));
  truncateSync(path, HEAD + 16);
  await expect(read()).rejects.toThrow();
});

test('nothing stays of a file whose source fails, and no file is written over', async () => {
  const failing = async function* () {
    yield randomBytes(PIECE * 2);
    throw new Error('the source failed');
  };
  await expect(writeSealed(path, seal, 'mine', failing())).rejects.toThrow('the source failed');
  expect(readdirSync(folder)).toEqual([]);
  await writeSealed(path, seal, 'mine', inChunks(Buffer.from('first'), 5));
  await expect(writeSealed(path, seal, 'mine', inChunks(Buffer.from('second'), 6))).rejects.toThrow('EEXIST');
  expect((await read()).toString()).toBe('first');
});
