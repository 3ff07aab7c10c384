/**
 * Events as they come, for whoever holds a connection open. What is told is read from the logs, of all workers' sessions; that something was
 * published only wakes the reader. So somebody who reads slowly costs no memory, and somebody who was away goes on where they were.
 */
import { RuntimeError } from '../errors.ts';
import type { EventId, SessionId } from '../ids.ts';
import type { Added } from '../store/store.ts';
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
  /** Throws `event_not_found` when it is to go on behind an event that is not kept, `too_many_streams`. */
  open(filter: EventFilter, options: StreamOptions): Promise<AsyncGenerator<StoredEvent | null, void>>;
}

const MOST_STREAMS = 100;
const PAGE = 50;
const KEEP_ALIVE_MS = 15_000;

/** Some events of several sessions in their common order, behind a position; and of which sessions there may be more. */
export async function inOrder(events: EventLog, sessions: SessionId[], range: { after: number; before?: number }) {
  const read = await Promise.all(sessions.map((session) => events.read(session, { ...range, limit: PAGE })));
  const page = read
    .flat()
    .sort((one, other) => one.position - other.position)
    .slice(0, PAGE);
  return { page, more: sessions.filter((_session, at) => (read[at]?.length ?? 0) > 0) };
}

/** The same from the end, before a position. */
export const fromEnd = async (events: EventLog, sessions: SessionId[], before: number) =>
  (await Promise.all(sessions.map((session) => events.read(session, { before, limit: PAGE, newestFirst: true }))))
    .flat()
    .sort((one, other) => other.position - one.position)
    .slice(0, PAGE);

/** The sessions there are that somebody listens to. */
export const covered = (sessions: KnownSession[], filter: Pick<EventFilter, 'sessionId' | 'tenantId'>): SessionId[] =>
  sessions.filter(({ id, tenantId }) => covers(filter, id, tenantId)).map(({ id }) => id);

export function createEventStreams(events: EventLog, sessions: () => Promise<KnownSession[]>): EventStreams {
  const readers = new Set<Reader>();
  let unfollow: (() => void) | undefined;
  const join = (reader: Reader) => {
    readers.add(reader);
    unfollow ??= events.follow((added) => {
      for (const each of readers) each.hear(added);
    });
  };
  const leave = (reader: Reader) => {
    readers.delete(reader);
    if (readers.size > 0) return;
    unfollow?.();
    unfollow = undefined;
  };
  return {
    async open(filter, { after, signal, keepAlive = KEEP_ALIVE_MS }) {
      if (readers.size >= MOST_STREAMS) throw new RuntimeError('too_many_streams');
      const mine = async () => covered(await sessions(), filter);
      const reader = new Reader(events, mine);
      const close = () => {
        signal.removeEventListener('abort', close);
        leave(reader);
      };
      // From here on it hears of what is added.
      join(reader);
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      try {
        await reader.begin(after);
      } catch (error) {
        close();
        throw error;
      }
      return follow(filter, reader, keepAlive, signal, close);
    },
  };
}

async function* follow(
  filter: EventFilter,
  reader: Reader,
  keepAlive: number,
  signal: AbortSignal,
  close: () => void,
): AsyncGenerator<StoredEvent | null, void> {
  try {
    while (!signal.aborted) {
      const page = await reader.read();
      for (const event of page) if (wants(filter, event.envelope)) yield event;
      if (page.length === 0 && !(await reader.somethingNew(keepAlive, signal)) && !signal.aborted) yield null;
    }
  } finally {
    close();
  }
}

/**
 * How far one has read, and where there is more. Several processes add to the ledgers it reads, and it cannot read two at one moment:
 * it reads only up to what it has heard of. All before that it has heard of too, so nothing comes later that would stand before
 * what was told, and the id of the last event told says what is left.
 */
class Reader {
  readonly #events: EventLog;
  readonly #sessions: () => Promise<SessionId[]>;
  #fresh = new Set<SessionId>();
  /** Any session may have something. */
  #mayHaveMissed = false;
  /** All up to here was read. */
  #position = 0;
  /** All up to here was heard of. */
  #heard = 0;
  #woken = Promise.withResolvers<undefined>();

  constructor(events: EventLog, sessions: () => Promise<SessionId[]>) {
    this.#events = events;
    this.#sessions = sessions;
  }

  /** Goes on behind this event, or with what comes from now on. Throws `event_not_found`. */
  async begin(after: EventId | undefined): Promise<void> {
    if (after === undefined) {
      this.#position = await this.#events.position();
      return;
    }
    const sessions = await this.#sessions();
    const found = await Promise.all(sessions.map((session) => this.#events.find(session, after)));
    const event = found.find((each) => each !== undefined);
    if (!event) throw new RuntimeError('event_not_found');
    this.#position = event.position;
    this.hear(null);
  }

  hear(added: Added | null): void {
    if (added) {
      this.#fresh.add(added.session);
      this.#heard = Math.max(this.#heard, added.position);
    } else {
      this.#mayHaveMissed = true;
    }
    this.#woken.resolve(undefined);
  }

  /** The next events; none when all were read. */
  async read(): Promise<StoredEvent[]> {
    const [all, fresh, heard] = [this.#mayHaveMissed, this.#fresh, this.#heard];
    // What wakes it while it reads is not seen by this read.
    [this.#mayHaveMissed, this.#fresh, this.#woken] = [false, new Set(), Promise.withResolvers()];
    if (!all && fresh.size === 0) return [];
    const upTo = all ? Math.max(heard, await this.#events.position()) : heard;
    // Asked after it was heard of: a session is there before its first event.
    const sessions = (await this.#sessions()).filter((session) => all || fresh.has(session));
    const { page, more } = await inOrder(this.#events, sessions, { after: this.#position, before: upTo + 1 });
    this.#position = page.at(-1)?.position ?? Math.max(this.#position, upTo);
    this.#heard = Math.max(this.#heard, upTo);
    for (const session of more) this.#fresh.add(session);
    return page;
  }

  /** Resolves with true when there is more to read, with false after so long or when the signal aborts. */
  async somethingNew(ms: number, signal: AbortSignal): Promise<boolean> {
    // It may have aborted while something was read.
    if (signal.aborted) return false;
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
