/**
 * The events of each session as they were told, in the session's own database. A fact becomes one event with the next
 * number, both written at once: neither a crash nor a repetition makes a gap or a second event.
 */
import type { EventEnvelope, Fact } from '../events.ts';
import { eventIdFor } from '../ids.ts';
import type { EventId, SessionId } from '../ids.ts';
import type { Added, Database, Ledger, LedgerEntry, LedgerRange, Store } from '../store/store.ts';

/** How long a repeated fact is recognised, an event can be replayed, and a delivery is worth beginning. */
export const EVENT_RETENTION_MS = 7 * 24 * 3_600_000;

const MICROSECONDS = 1_000;

export interface StoredEvent {
  envelope: EventEnvelope;
  /** The JSON exactly as it is signed and sent. */
  body: string;
  /** Where it stands among the events of all sessions. */
  position: number;
}

export interface EventLog {
  /** It survives a crash of the process when this resolves. */
  append(session: SessionId, fact: Fact): Promise<StoredEvent>;
  find(session: SessionId, id: EventId): Promise<StoredEvent | undefined>;
  read(session: SessionId, range: LedgerRange): Promise<StoredEvent[]>;
  /** See `Store`; of the events of all sessions. */
  follow(heard: (added: Added | null) => void): () => void;
  position(): Promise<number>;
}

/** Where it is told of what is added, whoever adds it. */
export type Ledgers = Pick<Store, 'follow' | 'position'>;

const NAME = 'events';

/** Where the events from this time on (ms since 1970) begin. */
export const positionAt = (time: number): number => time * MICROSECONDS;

export function createEventLog(
  ledgers: Ledgers,
  sessionDatabase: (id: SessionId) => Database,
  sessionHash: (id: SessionId) => string,
): EventLog {
  const of = (session: SessionId): Ledger => sessionDatabase(session).ledger(NAME, { keep: EVENT_RETENTION_MS });
  return {
    async append(session, { event, fact, data }) {
      const id = eventIdFor(session, fact);
      const common = { id, event, version: 1, sessionId: session, sessionHash: sessionHash(session) } as const;
      const entry = await of(session).append(id, ({ sequence, position }) => {
        const timestamp = Math.floor(position / MICROSECONDS);
        return JSON.stringify({ ...common, sequence, timestamp, data } satisfies EventEnvelope);
      });
      return toEvent(entry);
    },
    async find(session, id) {
      const entry = await of(session).get(id);
      return entry && toEvent(entry);
    },
    read: async (session, range) => (await of(session).read(range)).map(toEvent),
    follow: (heard) => ledgers.follow(NAME, heard),
    position: () => ledgers.position(),
  };
}

const toEvent = ({ body, position }: LedgerEntry): StoredEvent => ({
  envelope: JSON.parse(body) as EventEnvelope,
  body,
  position,
});
