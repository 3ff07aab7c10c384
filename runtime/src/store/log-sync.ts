/**
 * Makes commits survive a power cut without the event loop waiting for the disk. SQLite's own way (`synchronous = FULL`) waits
 * within the commit. Here a commit is written into SQLite's log and kept over a crash of the process (`NORMAL`); the log is
 * synced by another thread, and whoever promised something waits for that. One sync serves all that committed before it
 * began; those who commit meanwhile share the next.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../sealed-file.ts';
import type { StoreTiming } from './store.ts';

export class LogSync {
  readonly #path: string | null;
  readonly #timing: Pick<StoreTiming, 'synced'> | undefined;
  #handle: Promise<FileHandle> | null = null;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #isClosing = false;

  /** `path` is the database's; null for one in memory, where nothing survives. */
  constructor(path: string | null, timing?: Pick<StoreTiming, 'synced'>) {
    this.#path = path;
    this.#timing = timing;
  }

  /** Resolves when all that is committed now survives a power cut; to be called after a commit. */
  saved(): Promise<void> {
    // A database that is being closed is about to be synced whole.
    if (this.#path === null || this.#isClosing) return Promise.resolve();
    this.#next ??= this.#sync(this.#path);
    return this.#next;
  }

  /** Resolves when nobody waits for a sync any more; the database is to be closed next. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled([this.#running, this.#next]);
    const handle = await this.#handle?.catch(() => null);
    await handle?.close();
  }

  async #sync(path: string): Promise<void> {
    await this.#running?.catch(() => undefined);
    // Who commits from here on may be too late for this one.
    this.#running = this.#next;
    this.#next = null;
    this.#handle ??= openLog(path).catch((error: unknown) => {
      this.#handle = null;
      throw error;
    });
    const handle = await this.#handle;
    const began = performance.now();
    await handle.datasync();
    this.#timing?.synced((performance.now() - began) / 1_000);
  }
}

/** SQLite makes its log with the first commit and keeps the file until the database is closed. */
async function openLog(path: string): Promise<FileHandle> {
  const handle = await open(`${path}-wal`, 'r+');
  await syncDirectory(dirname(path));
  return handle;
}
