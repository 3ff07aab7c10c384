/** From what a caller gives to a sealed file and what a message says of it. */
import { createHash } from 'node:crypto';
import { fileTypeFromBuffer } from 'file-type';
import type { FileKind } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { AttachmentsDeps, GivenFile, TakenFile } from './attachments.ts';
import { fetchFile } from './fetching.ts';
import { shownType, takenTypes } from './kinds.ts';
import type { Shelf } from './shelf.ts';

const UNKNOWN_TYPE = 'application/octet-stream';
/** As much as shows what type a file is. */
const HEAD_BYTES = 4_100;
const MAX_NAME = 255;

/** A file being read, wherever it comes from. */
interface Source {
  bytes: AsyncIterable<Uint8Array>;
  mimetype?: string | undefined;
  fileName?: string | undefined;
  close(): Promise<void>;
}

export class Intake {
  readonly #shelf: Shelf;
  readonly #wayFor: AttachmentsDeps['wayFor'];
  readonly #settings: AttachmentsDeps['settings'];

  constructor(shelf: Shelf, { wayFor, settings }: AttachmentsDeps) {
    this.#shelf = shelf;
    this.#wayFor = wayFor;
    this.#settings = settings;
  }

  async take(session: SessionId, given: GivenFile): Promise<TakenFile> {
    const source = await this.#open(session, given);
    try {
      const measured = new Measured(source.bytes, this.#settings.maxBytes);
      const { head, all } = await peek(measured.read());
      if (head.length === 0) throw new RuntimeError('file_not_usable', { details: ['the file is empty'] });
      const found = await fileTypeFromBuffer(head);
      const mimetype = typeOf(given.kind, found?.mime, given.mimetype ?? source.mimetype);
      const file = await this.#shelf.put(session, all);
      const name = given.fileName ?? source.fileName ?? `file.${found?.ext ?? 'bin'}`;
      const { hash, bytes } = measured.result();
      const address = 'url' in given.from ? sha256(given.from.url) : undefined;
      return {
        ...file,
        fileName: cleaned(name),
        facts: { source: hash, bytes, mimetype, ...(address && { address }) },
      };
    } finally {
      await source.close();
    }
  }

  async #open(session: SessionId, { from }: GivenFile): Promise<Source> {
    if ('base64' in from) return { bytes: once(decode(from.base64)), close: async () => undefined };
    if ('stream' in from) return { bytes: from.stream, close: async () => undefined };
    const way = this.#wayFor(session);
    try {
      const { maxBytes, fetchTimeoutMs: timeoutMs } = this.#settings;
      return { ...(await fetchFile(way, from.url, { maxBytes, timeoutMs })), close: () => way.close() };
    } catch (error) {
      await way.close();
      throw error;
    }
  }
}

/** The hash and length of what is read through it. Reading throws `file_too_large` at the limit. */
class Measured {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #maxBytes: number;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#maxBytes) throw new RuntimeError('file_too_large');
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** Once, when all is read. */
  result(): { hash: string; bytes: number } {
    return { hash: this.#hash.digest('hex'), bytes: this.#bytes };
  }
}

/** The beginning, and the whole with the beginning in it. */
async function peek(source: AsyncGenerator<Uint8Array>): Promise<{ head: Buffer; all: AsyncGenerator<Uint8Array> }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < HEAD_BYTES && !ended) {
    const next = await source.next();
    if (next.done) ended = true;
    else length += chunks[chunks.push(next.value) - 1]?.length ?? 0;
  }
  const head = Buffer.concat(chunks);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    if (!ended) yield* source;
  }
  return { head, all: all() };
}

/** Throws `file_not_usable` when phones do not show such a file as this kind. */
function typeOf(kind: FileKind, found: string | undefined, said: string | undefined): string {
  if (kind === 'document') return said ?? found ?? UNKNOWN_TYPE;
  const shown = found === undefined ? null : shownType(kind, found);
  if (shown !== null) return shown;
  const is = found === undefined ? 'is of no known type' : `is ${found}`;
  throw new RuntimeError('file_not_usable', { details: [`the file ${is}; as ${kind} it may be ${takenTypes(kind)}`] });
}

/** Strict, as a damaged file would be sent otherwise; a data URL is taken by what follows its comma. */
function decode(text: string): Buffer {
  const encoded = text.replace(/^data:[^,]{0,200};base64,/, '').replace(/\s+/g, '');
  const bytes = Buffer.from(encoded, 'base64');
  const plain = (each: string) => each.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
  if (plain(bytes.toString('base64')) !== plain(encoded) || bytes.length === 0) {
    throw new RuntimeError('invalid_request', { details: ['base64: must be the bytes of a file in base64'] });
  }
  return bytes;
}

/** A name as it may be saved: without a path, and without what does not show. */
const cleaned = (name: string): string => name.replace(/[/\\]/g, '_').replace(/\p{C}/gu, '').slice(-MAX_NAME) || 'file';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
