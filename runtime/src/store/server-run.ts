/**
 * Which run of the Redis server there is a connection to. One that was started again after a crash may have forgotten its last
 * moments (with `appendfsync everysec`), though they were answered; so may the one that takes its place.
 */
export class ServerRun {
  readonly #listeners = new Set<() => void>();
  #id = '';
  #count = 0;

  /** Which run of those this process has met, from 1, the present connection is to, or the last one was; 0 before the first. */
  get count(): number {
    return this.#count;
  }

  /** With what INFO says of the server at the beginning of a connection; true when it is another run than the one before. */
  note(info: string): boolean {
    const before = this.#id;
    this.#id = /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
    if (before === this.#id) return false;
    this.#count += 1;
    return this.#count > 1;
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Told when another run is connected to, until what it returns is called. */
  follow(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
