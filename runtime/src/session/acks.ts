/**
 * The only proof that a message left is the server's ack (`CB:ack,class:message`): the client's promise resolves when
 * the bytes are written, which in a half-open connection means nothing.
 */
import type { BinaryNode } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';

export type AckOutcome =
  | { kind: 'acked' }
  /** The server answered with an error number such as 463, or it can never be built (our code): certain, it was not delivered. */
  | { kind: 'refused'; error: string }
  /** Nothing was written to the connection: certain, it did not leave. */
  | { kind: 'not_sent'; why: string }
  /** It may have left: no ack in time, or the connection broke first. Send again with the same id. */
  | { kind: 'uncertain'; why: string };

export class Acks {
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, (outcome: AckOutcome) => void>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Writes the message and waits for its ack. Never throws. */
  async expect(messageId: string, write: () => Promise<void>): Promise<AckOutcome> {
    const { promise, resolve } = Promise.withResolvers<AckOutcome>();
    this.#waiting.set(messageId, resolve);
    const timer = setTimeout(() => resolve({ kind: 'uncertain', why: 'no ack in time' }), this.#timeoutMs);
    const failed = (thrown: unknown) => resolve({ kind: 'not_sent', why: toError(thrown).message });
    write().catch(failed);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    }
  }

  arrived({ attrs }: BinaryNode): void {
    const resolve = this.#waiting.get(attrs['id'] ?? '');
    const error = attrs['error'];
    resolve?.(error === undefined ? { kind: 'acked' } : { kind: 'refused', error });
  }

  connectionClosed(): void {
    for (const resolve of this.#waiting.values()) resolve({ kind: 'uncertain', why: 'the connection broke' });
  }
}
