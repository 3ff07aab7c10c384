/** From a fact to a durable event and its deliveries; what is done for one session is done one after another. */
import { Mutex } from 'async-mutex';
import type { EventEnvelope, Fact } from '../events.ts';
import type { SessionId } from '../ids.ts';
import { KEEP_DELIVERED_MS, type DeliveryQueue } from './delivery-queue.ts';
import type { EventLog, StoredEvent } from './event-log.ts';
import type { Subscriptions } from './subscriptions.ts';

interface PublishingDependencies {
  events: EventLog;
  subscriptions: Subscriptions;
  queue: DeliveryQueue;
  tenantOf(id: SessionId): string | null;
  now: () => number;
}

export class Publishing {
  readonly #deps: PublishingDependencies;
  readonly #lines = new Map<SessionId, Mutex>();
  /** Sessions whose last event of a former run has its deliveries for certain. */
  readonly #resumed = new Set<SessionId>();

  constructor(deps: PublishingDependencies) {
    this.#deps = deps;
  }

  publish(session: SessionId, fact: Fact): Promise<EventEnvelope> {
    return this.#inLine(session, async () => {
      await this.#resumeOnce(session);
      const event = await this.#deps.events.append(session, fact);
      await this.#add(event);
      return event.envelope;
    });
  }

  resume(session: SessionId): Promise<void> {
    return this.#inLine(session, () => this.#resumeOnce(session));
  }

  /**
   * Only the last event of a session can have been left without its deliveries, and only until the next is published: a
   * session that starts tells of its connection at once.
   */
  async #resumeOnce(session: SessionId): Promise<void> {
    if (this.#resumed.has(session)) return;
    const [last] = await this.#deps.events.read(session, { limit: 1, newestFirst: true });
    // What was delivered longer ago is not recognised any more.
    if (last && last.envelope.timestamp > this.#deps.now() - KEEP_DELIVERED_MS) {
      await this.#add(last, last.envelope.timestamp);
    }
    this.#resumed.add(session);
  }

  /** Does the last that is done for a session, behind what is under way for it. */
  async end(session: SessionId, last: () => Promise<void>): Promise<void> {
    await this.#inLine(session, last);
    this.#lines.delete(session);
    this.#resumed.delete(session);
  }

  /** It goes on at another worker; what is under way for it ends first. */
  async forget(session: SessionId): Promise<void> {
    await this.end(session, async () => undefined);
  }

  /** To all who want it, or those of them who subscribed before that time. */
  async #add(event: StoredEvent, before = Number.POSITIVE_INFINITY): Promise<void> {
    const { subscriptions, queue, tenantOf } = this.#deps;
    const wanting = await subscriptions.of(event.envelope, tenantOf(event.envelope.sessionId));
    const known = wanting.filter(({ createdAt }) => createdAt <= before);
    // Together: one wait for the disk, however many want it.
    await Promise.all(known.map(({ webhookId }) => queue.add(webhookId, event)));
  }

  #inLine<Value>(session: SessionId, work: () => Promise<Value>): Promise<Value> {
    const line = this.#lines.get(session) ?? new Mutex();
    this.#lines.set(session, line);
    return line.runExclusive(work);
  }
}
