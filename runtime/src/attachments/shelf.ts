/**
 * Where the files are: `<sessions>/<session>/outgoing/<message id>`, and `new-…` for those whose message is not accepted yet.
 * A file has its message's id before the message is accepted; so a crash leaves files without a message, never a message
 * without its file.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { RuntimeError } from '../errors.ts';
import type { MessageId, SessionId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import { readSealed, sealedLength, syncDirectory, writeSealed } from '../sealed-file.ts';

const FOLDER = 'outgoing';
const NEW = 'new-';

/** A file that has no message yet. */
export interface NewFile {
  /** How many bytes were put there. */
  bytes: number;
  open(): Readable;
  keep(id: MessageId): Promise<void>;
  discard(): Promise<void>;
}

export class Shelf {
  readonly #directory: string;
  readonly #sealOf: (session: SessionId) => Seal;

  constructor(directory: string, sealOf: (session: SessionId) => Seal) {
    this.#directory = directory;
    this.#sealOf = sealOf;
  }

  /** Durable when it resolves. Nothing stays when the source fails. */
  async put(session: SessionId, source: AsyncIterable<Uint8Array>): Promise<NewFile> {
    const seal = this.#sealOf(session);
    const path = await this.newPath(session);
    await writeSealed(path, seal, contextOf(session), source);
    let kept = false;
    const folder = this.#folder(session);
    return {
      bytes: await sealedLength(path),
      open: () => asBytes(readSealed(path, seal, contextOf(session))),
      keep: async (id) => {
        await rename(path, join(folder, id));
        kept = true;
        await syncDirectory(folder);
      },
      discard: async () => {
        if (!kept) await rm(path, { force: true });
      },
    };
  }

  /** For a file without a message or a folder to work in; what a crash leaves there is removed at the next start. */
  async newPath(session: SessionId): Promise<string> {
    const folder = this.#folder(session);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${NEW}${randomBytes(8).toString('hex')}`);
  }

  open(session: SessionId, id: MessageId): Readable {
    return asBytes(this.#read(session, id));
  }

  async *#read(session: SessionId, id: MessageId): AsyncGenerator<Buffer> {
    try {
      yield* readSealed(join(this.#folder(session), id), this.#sealOf(session), contextOf(session));
    } catch (error) {
      throw new RuntimeError('file_lost', { cause: error });
    }
  }

  async remove(session: SessionId, id: MessageId): Promise<void> {
    await rm(join(this.#folder(session), id), { force: true });
  }

  async tidy(session: SessionId, isWaiting: (id: MessageId) => Promise<boolean>): Promise<void> {
    for (const name of await this.#names(session)) {
      const left = name.startsWith(NEW) || !(await isWaiting(name as MessageId));
      if (left) await rm(join(this.#folder(session), name), { recursive: true, force: true });
    }
  }

  async #names(session: SessionId): Promise<string[]> {
    return await readdir(this.#folder(session)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }

  #folder(session: SessionId): string {
    return join(this.#directory, session, FOLDER);
  }
}

/** A stream of bytes; one of objects is made when nothing is said. */
const asBytes = (source: AsyncIterable<Buffer>) => Readable.from(source, { objectMode: false });

const contextOf = (session: SessionId) => `outgoing/${session}`;
