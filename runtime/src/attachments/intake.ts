/** From what a caller gives to a sealed file and what a message says of it. */
import { createHash } from 'node:crypto';
import { fileTypeFromBuffer } from 'file-type';
import { RuntimeError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { AttachmentsDeps, GivenFile, TakenFile } from './attachments.ts';
import { fetchFile } from './fetching.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { canBeMade, shownType, takenTypes } from './kinds.ts';
import { lengthOf, make } from './making.ts';
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

/** What is known of a file when its first bytes are read. */
interface Read {
  found: string | undefined;
  said: string | undefined;
  head: Buffer;
  all: AsyncIterable<Uint8Array>;
}

export class Intake {
  readonly #shelf: Shelf;
  readonly #ffmpeg: Ffmpeg;
  readonly #wayFor: AttachmentsDeps['wayFor'];
  readonly #settings: AttachmentsDeps['settings'];

  constructor(shelf: Shelf, ffmpeg: Ffmpeg, { wayFor, settings }: AttachmentsDeps) {
    this.#shelf = shelf;
    this.#ffmpeg = ffmpeg;
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
      const ready = await this.#made(session, given, { found: found?.mime, said: source.mimetype, head, all });
      const { mimetype, facts } = ready;
      const file = await this.#shelf.put(session, ready.bytes).finally(() => ready.done());
      const { bytes } = file;
      const seconds = given.kind === 'audio' ? await lengthOf(file.open(), mimetype, bytes) : undefined;
      const address = 'url' in given.from ? sha256(given.from.url) : undefined;
      return {
        ...file,
        fileName: cleaned(given.fileName ?? source.fileName ?? `file.${found?.ext ?? 'bin'}`),
        facts: {
          source: measured.hash(),
          ...(address && { address }),
          bytes,
          mimetype,
          ...facts,
          ...(seconds && { seconds }),
        },
      };
    } finally {
      await source.close();
    }
  }

  /** Throws `file_not_usable` when phones do not show such a file as this kind, and it cannot be made into one. */
  async #made(session: SessionId, { kind, mimetype, loop = false }: GivenFile, { found, said, ...read }: Read) {
    if (kind === 'document') {
      const type = mimetype ?? said ?? found ?? UNKNOWN_TYPE;
      return { bytes: read.all, mimetype: type, facts: {}, done: async () => undefined };
    }
    if (found === undefined || (shownType(kind, found) === null && !canBeMade(kind, found))) {
      const is = found === undefined ? 'is of no known type' : `is ${found}`;
      throw new RuntimeError('file_not_usable', {
        details: [`the file ${is}; as ${kind} it may be ${takenTypes(kind)}`],
      });
    }
    const folder = await this.#shelf.newPath(session);
    return await make(this.#ffmpeg, { kind, found, ...read, loop, folder });
  }

  async #open(session: SessionId, { from }: GivenFile): Promise<Source> {
    if ('base64' in from) return { bytes: once(decode(from.base64)), close: async () => undefined };
    if ('stream' in from) return { bytes: from.stream, close: async () => undefined };
    const way = this.#wayFor(session);
    try {
      const { maxBytes, fetchTimeoutMs: timeoutMs } = this.#settings;
      const fetched = await fetchFile(way, from.url, { maxBytes, timeoutMs });
      const close = async () => {
        fetched.close();
        await way.close();
      };
      return { ...fetched, close };
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
  hash(): string {
    return this.#hash.digest('hex');
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

/** Strict, as a damaged file would be sent otherwise; a data URL is taken by what follows its comma. */
function decode(text: string): Buffer {
  const encoded = text.replace(/^data:[^,]{0,200};base64,/, '').replace(/\s+/g, '');
  const bytes = Buffer.from(encoded, 'base64');
  const plain = (each: string) =>
    each
      .replace(/(?<!=)=+$/, '')
      .replace(/-/g, '+')
      .replace(/_/g, '/');
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
