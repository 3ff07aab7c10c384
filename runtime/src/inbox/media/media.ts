/**
 * Files that came with messages. Each is fetched when somebody first asks for it, once however many ask, checked, and kept
 * sealed for a while; nothing of it is given out before all of it is known to be what was sent.
 *
 * A fetch writes beside the place and renames at the end, so that what is in place is whole. What a crash leaves beside is
 * removed at the next start, and what has had its time is removed by a sweep.
 */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { RuntimeError, toError } from '../../errors.ts';
import type { MediaId, SessionId } from '../../ids.ts';
import type { Logger } from '../../log.ts';
import { readSealed, sealedLength, writeSealed, type Part } from '../../sealed-file.ts';
import { download, type Session } from '../../session/session.ts';
import { sleepUnlessAborted } from '../../time.ts';
import { opened } from './opening.ts';
import type { RemoteFile } from './remote-file.ts';

export { moved, remoteFile, type RemoteFile } from './remote-file.ts';

export interface MediaSettings {
  /** Where the sessions have their directories. */
  directory: string;
  ttlMs: number;
  timeoutMs: number;
  /** The media host may be anywhere: this is a sandbox. */
  anyHost: boolean;
}

/** A file ready to be given out. */
export interface MediaFile {
  mimetype: string;
  fileName: string | null;
  /** Size in bytes. */
  length: number;
  /** SHA-256 of the file, hex; null when the message did not say. */
  sha256: string | null;
  /** Throws `media_corrupt` when it was damaged on the disk; who asks again has it fetched anew. */
  read(part?: Part): Promise<AsyncIterable<Buffer>>;
}

/** Gives the file under the path it has now. */
type Again = () => Promise<RemoteFile>;
type MediaSession = Pick<Session, 'id' | 'seal' | 'openWayOut'>;

export interface MediaDeps {
  settings: MediaSettings;
  now(): number;
  log: Logger;
}

const FOLDER = 'media';
const UNFINISHED = '.part';
const LONGEST_SLEEP_MS = 600_000;
/** What is being given out has been opened by then. */
const GRACE_MS = 60_000;

export class MediaFiles {
  readonly #deps: MediaDeps;
  readonly #fetching = new Map<string, { session: SessionId; abort: AbortController; done: Promise<void> }>();

  constructor(deps: MediaDeps) {
    this.#deps = deps;
  }

  /**
   * `again` has it uploaded once more when WhatsApp has forgotten it, and throws when that cannot be. Throws `media_gone`,
   * `media_corrupt`, `media_unavailable`, `session_not_linked`.
   */
  async open(session: MediaSession, id: MediaId, file: RemoteFile, again: Again): Promise<MediaFile> {
    const path = this.#path(session.id, id);
    if (!(await this.#isFresh(path))) await this.#fetchOnce(session, id, file, again);
    const { mimetype, fileName, sha256 } = file;
    return {
      ...{ mimetype, fileName, sha256: sha256?.toString('hex') ?? null, length: await sealedLength(path) },
      read: (part) => this.#read(session, id, part),
    };
  }

  /** Sweeps the files of the sessions until the signal aborts, then ends what is being fetched. */
  async run(sessions: () => { id: SessionId }[], signal: AbortSignal): Promise<void> {
    const pause = Math.min(this.#deps.settings.ttlMs, LONGEST_SLEEP_MS);
    do await this.#sweep(sessions());
    while (await sleepUnlessAborted(pause, signal));
    await Promise.all([...this.#fetching.values()].map(({ session }) => this.release(session)));
  }

  /** Ends what is being fetched for a session. */
  async release(session: SessionId): Promise<void> {
    const own = [...this.#fetching.values()].filter((each) => each.session === session);
    for (const { abort } of own) abort.abort();
    await Promise.allSettled(own.map(({ done }) => done));
  }

  #path(session: SessionId, id: MediaId): string {
    return join(this.#deps.settings.directory, session, FOLDER, id);
  }

  async #isFresh(path: string): Promise<boolean> {
    const at = await changedAt(path);
    return at !== null && at > this.#deps.now() - this.#deps.settings.ttlMs;
  }

  #fetchOnce(session: MediaSession, id: MediaId, file: RemoteFile, again: Again): Promise<void> {
    const path = this.#path(session.id, id);
    const running = this.#fetching.get(path);
    if (running) return running.done;
    const abort = new AbortController();
    const fetching = this.#fetch(session, id, file, abort.signal).catch(async (error: unknown) => {
      if (!(error instanceof RuntimeError && error.code === 'media_gone')) throw error;
      await this.#fetch(session, id, await again(), abort.signal);
    });
    const done = fetching.finally(() => this.#fetching.delete(path));
    this.#fetching.set(path, { session: session.id, abort, done });
    return done;
  }

  async #fetch(session: MediaSession, id: MediaId, file: RemoteFile, signal: AbortSignal): Promise<void> {
    const { directory, timeoutMs, anyHost } = this.#deps.settings;
    const path = this.#path(session.id, id);
    const seal = session.seal();
    const wayOut = session.openWayOut();
    try {
      await mkdir(join(directory, session.id, FOLDER), { recursive: true, mode: 0o700 });
      await rm(path + UNFINISHED, { force: true });
      const encrypted = download(file, { dispatcher: wayOut?.dispatcher ?? null, timeoutMs, signal, anyHost });
      await writeSealed(path + UNFINISHED, seal, contextOf(session.id, id), opened(file, encrypted));
      const seconds = this.#deps.now() / 1_000;
      await utimes(path + UNFINISHED, seconds, seconds);
      await rename(path + UNFINISHED, path);
    } finally {
      await wayOut?.close();
    }
  }

  async #read(session: MediaSession, id: MediaId, part: Part | undefined): Promise<AsyncIterable<Buffer>> {
    const path = this.#path(session.id, id);
    const pieces = readSealed(path, session.seal(), contextOf(session.id, id), part);
    try {
      // Before any of it is given out: damage is then an answer, not a line that breaks.
      const first = await pieces.next();
      return first.done ? pieces : withFirst(first.value, pieces);
    } catch (cause) {
      await rm(path, { force: true });
      throw new RuntimeError('media_corrupt', { details: ['it was damaged on the disk here'], cause });
    }
  }

  async #sweep(sessions: { id: SessionId }[]): Promise<void> {
    const { settings, log } = this.#deps;
    for (const { id } of sessions) {
      const folder = join(settings.directory, id, FOLDER);
      try {
        for (const name of await namesIn(folder)) {
          if (await this.#isOver(join(folder, name))) await rm(join(folder, name), { force: true });
        }
      } catch (error) {
        log.error({ err: toError(error), sessionId: id }, 'received files could not be swept');
      }
    }
  }

  /** It had its time, or a crash left it half written. */
  async #isOver(path: string): Promise<boolean> {
    if (path.endsWith(UNFINISHED)) return !this.#fetching.has(path.slice(0, -UNFINISHED.length));
    const at = await changedAt(path);
    return at !== null && at < this.#deps.now() - this.#deps.settings.ttlMs - GRACE_MS;
  }
}

async function* withFirst(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

const contextOf = (session: SessionId, id: MediaId): string => `media/${session}/${id}`;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** ms since 1970; null when there is no such file. */
async function changedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
