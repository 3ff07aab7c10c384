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

  get size(): number {
    return this.#waiting.length;
  }

  post(stanza: Stanza): void {
    this.#waiting.push(stanza);
    this.#send?.(stanza);
  }

  /** Sends what waits, marked as having waited, and from now on everything at once. Returns how many waited. */
  open(send: (stanza: Stanza) => void): number {
    this.#send = send;
    const backlog = [...this.#waiting];
    backlog.forEach((stanza, index) => send({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } }));
    return backlog.length;
  }

  /** Drops what has become pointless to deliver. */
  discard(pointless: (stanza: Stanza) => boolean): void {
    this.#waiting = this.#waiting.filter((stanza) => !pointless(stanza));
  }

  close(): void {
    this.#send = null;
  }

  confirm({ tag, ids, type }: Confirmation): void {
    this.discard(
      (stanza) =>
        stanza.tag === tag &&
        ids.includes(stanza.attrs['id'] ?? '') &&
        (tag === 'message' || stanza.attrs['type'] === type),
    );
  }
}
