/**
 * What waits for one linked device. Nothing leaves the mailbox because it was sent, only because the device said it
 * has it; so what was on the wire when a connection died comes again at the next login.
 */
import type { Stanza } from './stanza.ts';

/** What a device can confirm. A message is confirmed by any receipt or ack of its id, the others by their exact ack. */
export interface Confirmation {
  readonly tag: string;
  readonly ids: readonly string[];
  readonly type?: string | undefined;
}

export class Mailbox {
  #waiting: Stanza[] = [];
  #send: ((stanza: Stanza) => void) | null = null;
  #backlog: { readonly left: Set<Stanza>; readonly finished: () => void } | null = null;

  get size(): number {
    return this.#waiting.length;
  }

  post(stanza: Stanza): void {
    this.#waiting.push(stanza);
    this.#send?.(stanza);
  }

  /**
   * Sends what waits, marked as having waited, and from now on everything at once. When the device has confirmed all
   * that waited, `onCaughtUp` is called with how many that were.
   */
  open(send: (stanza: Stanza) => void, onCaughtUp: (count: number) => void): void {
    this.#send = send;
    const backlog = [...this.#waiting];
    this.#backlog = { left: new Set(backlog), finished: () => onCaughtUp(backlog.length) };
    backlog.forEach((stanza, index) => send({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } }));
    this.#checkBacklog();
  }

  /** Drops what has become pointless to deliver. */
  discard(pointless: (stanza: Stanza) => boolean): void {
    for (const stanza of this.#waiting) if (pointless(stanza)) this.#backlog?.left.delete(stanza);
    this.#waiting = this.#waiting.filter((stanza) => !pointless(stanza));
    this.#checkBacklog();
  }

  close(): void {
    this.#send = null;
    this.#backlog = null;
  }

  confirm({ tag, ids, type }: Confirmation): void {
    this.discard(
      (stanza) =>
        stanza.tag === tag &&
        ids.includes(stanza.attrs['id'] ?? '') &&
        (tag === 'message' || stanza.attrs['type'] === type),
    );
  }

  #checkBacklog(): void {
    if (!this.#backlog || this.#backlog.left.size > 0) return;
    const { finished } = this.#backlog;
    this.#backlog = null;
    finished();
  }
}
