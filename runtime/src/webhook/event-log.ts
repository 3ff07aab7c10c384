/**
 * The events of each session as they were told, in the session's own database. A fact becomes one event with the next
 * number, both written in one batch: neither a crash nor a repetition makes a gap or a second event.
 */
import type { EventEnvelope, Fact } from '../events.ts';
import { eventIdFor } from '../ids.ts';
import type { SessionId } from '../ids.ts';
import type { Database } from '../store/store.ts';

/** How long a repeated fact is recognised, and how long a delivery is worth beginning. */
export const EVENT_RETENTION_MS = 7 * 24 * 3_600_000;

const SEQUENCE = 'sequence';

export interface StoredEvent {
  envelope: EventEnvelope;
  /** The JSON exactly as it is signed and sent. */
  body: string;
}

export interface EventLog {
  /** Not to be called twice at once for one session. */
  append(session: SessionId, fact: Fact): Promise<StoredEvent>;
}

export function createEventLog(
  sessionDatabase: (id: SessionId) => Database,
  sessionHash: (id: SessionId) => string,
  now: () => number,
): EventLog {
  return {
    async append(session, fact) {
      const log = sessionDatabase(session).keyValue('events');
      const id = eventIdFor(session, fact.fact);
      const stored = await log.get<string>(id);
      if (stored !== undefined) return { envelope: JSON.parse(stored) as EventEnvelope, body: stored };
      const sequence = ((await log.get<number>(SEQUENCE)) ?? 0) + 1;
      const { event, data } = fact;
      const common = { id, event, version: 1, sessionId: session, sessionHash: sessionHash(session) } as const;
      const envelope: EventEnvelope = { ...common, sequence, timestamp: now(), data };
      const body = JSON.stringify(envelope);
      await log.setMany([
        { key: id, value: body, ttl: EVENT_RETENTION_MS },
        { key: SEQUENCE, value: sequence },
      ]);
      return { envelope, body };
    },
  };
}
