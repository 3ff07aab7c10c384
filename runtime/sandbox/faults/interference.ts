/**
 * Where faults take hold of a connection. Each active fault is one interference; a connection asks at each of its steps
 * whether somebody interferes. Before login nobody knows whose connection it is, so only interferences with everybody apply.
 */
import type { proto } from '@whiskeysockets/baileys';
import type { Stanza } from '../stanza.ts';

/** Where getting in can be left hanging: no answer to the upgrade, to the client's hello, to its finish, to its login. */
export type Step = 'upgrade' | 'hello' | 'finish' | 'login';

/** What becomes of a stanza from the client: taken in, lost, or answered with another. */
export type Incoming = 'lost' | Stanza | null;

/** What becomes of a stanza to the client: it is kept back, or comes so many ms later while others overtake it. */
export type Outgoing = 'kept' | number | null;

export interface Interference {
  /** The account it is about; null for everybody. */
  readonly phone: string | null;
  /** Nothing more is said at this step. */
  readonly hangsAt?: Step;
  /** The answer to an upgrade: an HTTP status, or the connection is reset. */
  readonly upgrade?: number | 'reset';
  /** The chain the server shows instead of its own. */
  readonly certificate?: Uint8Array;
  /** The attributes of the `<failure>` a login is answered with; null lets it pass. */
  readonly failure?: (payload: proto.ClientPayload) => Stanza['attrs'] | null;
  readonly incoming?: (stanza: Stanza) => Incoming;
  /** `say` lets go what was kept back; after the end of its connection it does nothing. */
  readonly outgoing?: (stanza: Stanza, say: () => void) => Outgoing;
  /** Everything to the client takes so many ms longer, and stays in order. */
  readonly latencyMs?: number;
  /** The phone says "Couldn't link device". The client goes on waiting for a scan. */
  readonly linkingFails?: true;
}

export class Interferences {
  readonly #active = new Set<Interference>();

  /** Begins one; the function returned ends it. */
  add(interference: Interference): () => void {
    this.#active.add(interference);
    return () => void this.#active.delete(interference);
  }

  hangsAt(step: Step, phone: string | null = null): boolean {
    return this.#with(phone).some(({ hangsAt }) => hangsAt === step);
  }

  upgrade(): number | 'reset' | null {
    return this.#first(null, ({ upgrade }) => upgrade) ?? null;
  }

  certificate(): Uint8Array | null {
    return this.#first(null, ({ certificate }) => certificate) ?? null;
  }

  failure(phone: string | null, payload: proto.ClientPayload): Stanza['attrs'] | null {
    return this.#first(phone, ({ failure }) => failure?.(payload)) ?? null;
  }

  incoming(phone: string | null, stanza: Stanza): Incoming {
    return this.#first(phone, ({ incoming }) => incoming?.(stanza)) ?? null;
  }

  outgoing(phone: string | null, stanza: Stanza, say: () => void): Outgoing {
    return this.#first(phone, ({ outgoing }) => outgoing?.(stanza, say)) ?? null;
  }

  latencyMs(phone: string | null): number {
    return this.#first(phone, ({ latencyMs }) => latencyMs) ?? 0;
  }

  linkingFails(phone: string): boolean {
    return this.#with(phone).some(({ linkingFails }) => linkingFails);
  }

  #with(phone: string | null): Interference[] {
    return [...this.#active].filter((each) => each.phone === null || each.phone === phone);
  }

  #first<Value>(
    phone: string | null,
    read: (each: Interference) => Value | null | undefined,
  ): Value | null | undefined {
    for (const each of this.#with(phone)) {
      const value = read(each);
      if (value !== null && value !== undefined) return value;
    }
    return null;
  }
}
