/**
 * Events as they come, for whoever holds a connection open. What is told is read from the logs; that something was published only
 * wakes the reader. So somebody who reads slowly costs no memory, and somebody who was away goes on where they were.
 */
import { RuntimeError } from '../errors.ts';
import type { EventId, SessionId } from '../ids.ts';
import type { EventLog, StoredEvent } from './event-log.ts';
import { covers, wants, type EventFilter } from './filter.ts';

export interface KnownSession {
  id: SessionId;
  tenantId: string | null;
}

export interface StreamOptions {
  /** Goes on behind this event; without it with what comes from now on. */
  after?: EventId | undefined;
  /** Ends the stream. */
  signal: AbortSignal;
  /** After so many ms without an event null is given, to show that the stream lives. */
  keepAlive?: number;
}

export interface EventStreams {
  /** Something was published. */
  published(session: SessionId, event: StoredEvent): void;
  /** Throws `event_not_found` when it is to go on behind an event that is not kept, `too_many_streams`. */
  open(filter: EventFilter, options: StreamOptions): Promise<AsyncGenerator<StoredEvent | null, void>>;
}

const MOST_STREAMS = 100;
const PAGE = 50;
const KEEP_ALIVE_MS = 15_000;

/** Some events of several sessions in their common order, behind a position. */
export const inOrder = async (events: EventLog, sessions: SessionId[], range: { after: number; before?: number }) =>
  (await Promise.all(sessions.map((session) => events.read(session, { ...range, limit: PAGE }))))
    .flat()
    .sort((one, other) => one.position - other.position)
    .slice(0, PAGE);

/** The same from the end, before a position. */
export const fromEnd = async (events: EventLog, sessions: SessionId[], before: number) =>
  (await Promise.all(sessions.map((session) => events.read(session, { before, limit: PAGE, newestFirst: true }))))
    .flat()
    .sort((one, other) => other.position - one.position)
    .slice(0, PAGE);

/** The sessions there are that somebody listens to. */
export const covered = (sessions: KnownSession[], filter: Pick<EventFilter, 'sessionId' | 'tenantId'>): SessionId[] =>
  sessions.filter(({ id, tenantId }) => covers(filter, id, tenantId)).map(({ id }) => id);

export function createEventStreams(events: EventLog, sessions: () => KnownSession[]): EventStreams {
  const readers = new Set<Reader>();
  return {
    published(session, { position }) {
      for (const reader of readers) reader.wake(session, position);
    },
    async open(filter, { after, signal, keepAlive = KEEP_ALIVE_MS }) {
      if (readers.size >= MOST_STREAMS) throw new RuntimeError('too_many_streams');
      const mine = () => covered(sessions(), filter);
      const reader = new Reader();
      readers.add(reader);
      const close = () => void readers.delete(reader);
      if (after !== undefined) {
        const found = await Promise.all(mine().map((session) => events.find(session, after))).finally(close);
        const event = found.find((each) => each !== undefined);
        if (!event) throw new RuntimeError('event_not_found');
        reader.begin(mine(), event.position);
        readers.add(reader);
      }
      const read = () => reader.read(events, mine());
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      return follow(filter, read, (ms) => reader.somethingNew(ms, signal), keepAlive, signal, close);
    },
  };
}

async function* follow(
  filter: EventFilter,
  read: () => Promise<StoredEvent[]>,
  somethingNew: (ms: number) => Promise<boolean>,
  keepAlive: number,
  signal: AbortSignal,
  close: () => void,
): AsyncGenerator<StoredEvent | null, void> {
  try {
    while (!signal.aborted) {
      const page = await read();
      for (const event of page) if (wants(filter, event.envelope)) yield event;
      if (page.length === 0 && !(await somethingNew(keepAlive)) && !signal.aborted) yield null;
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** How far one has read, and where there is more. */
class Reader {
  #fresh = new Set<SessionId>();
  /** All up to here was read; undefined before there was anything. */
  #position: number | undefined;
  #woken = Promise.withResolvers<undefined>();

  /** Goes on behind this position. */
  begin(sessions: SessionId[], position: number): void {
    this.#position = position;
    for (const session of sessions) this.wake(session, position + 1);
  }

  wake(session: SessionId, position: number): void {
    this.#position ??= position - 1;
    this.#fresh.add(session);
    this.#woken.resolve(undefined);
  }

  /** The next events; none when all were read. */
  async read(events: EventLog, sessions: SessionId[]): Promise<StoredEvent[]> {
    if (this.#position === undefined) return [];
    const fresh = this.#fresh;
    // What wakes it while it reads is not seen by this read.
    this.#fresh = new Set();
    this.#woken = Promise.withResolvers();
    const known = sessions.filter((session) => fresh.has(session));
    const page = await inOrder(events, known, { after: this.#position });
    this.#position = page.at(-1)?.position ?? this.#position;
    if (page.length > 0) for (const session of fresh) this.#fresh.add(session);
    return page;
  }

  /** Resolves with true when there is more to read, with false after so long or when the signal aborts. */
  async somethingNew(ms: number, signal: AbortSignal): Promise<boolean> {
    const { promise: nothing, resolve } = Promise.withResolvers<false>();
    const give = () => resolve(false);
    const timer = setTimeout(give, ms);
    signal.addEventListener('abort', give, { once: true });
    try {
      return (await Promise.race([this.#woken.promise, nothing])) !== false;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
    }
  }
}
