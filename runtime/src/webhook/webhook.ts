/**
 * Webhooks: who wants to hear of what, and the delivery of events to them. An event is durable before `publish` resolves,
 * reaches each subscriber at least once under an id that never changes, and in order: a subscriber that fails holds up
 * its own deliveries and nobody else's, and one event that it refuses lets the others go on (decisions/0012).
 */
import { RuntimeError } from '../errors.ts';
import type { EventEnvelope, EventName, Fact } from '../events.ts';
import { newEventId, type ContactId, type EventId, type Jid, type SessionId, type WebhookId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Egress } from '../proxy/proxy.ts';
import type { Seal } from '../seal.ts';
import type { Database, JobState } from '../store/store.ts';
import { countMessages, type MessageCounts } from './counts.ts';
import { createDelivery, type DeliveryDependencies } from './delivery.ts';
import { createDeliveryQueue, type DeliveryBacklog, type DeliveryQueue } from './delivery-queue.ts';
import { createEventLog, EVENT_RETENTION_MS, type Ledgers, type StoredEvent } from './event-log.ts';
import { createEventStreams, type KnownSession, type StreamOptions } from './event-stream.ts';
import type { ChatKinds, EventFilter } from './filter.ts';
import { ping } from './ping.ts';
import { Publishing } from './publishing.ts';
import type { Attempt } from './receiver.ts';
import { replay } from './replay.ts';
import { DEFAULT_RETRY, type Retry } from './retry.ts';
import { KeptSubscriptions } from './subscriptions.ts';

export type { TroubleReport } from './delivery.ts';
export type { StoredEvent } from './event-log.ts';
export { CHAT_KINDS, type ChatKinds, type EventFilter } from './filter.ts';
export type { Attempt } from './receiver.ts';
export { MOST_REPLAYED } from './replay.ts';

/** A subscription as its owner sees it; the secret is shown once, when it is made. */
export interface Subscription extends EventFilter {
  webhookId: WebhookId;
  url: string;
  events: EventName[];
  senders: (Jid | ContactId)[];
  /** The names of the headers of its own that go with every delivery. */
  headerNames: string[];
  /**
   * `paused` by its owner: what happens is kept and delivered when it goes on. `disabled` after the receiver answered 410
   * Gone: it hears of nothing until it is made active again.
   */
  status: 'active' | 'paused' | 'disabled';
  /** Since when its receiver does not take what it is sent, and why; null while it does. */
  failing: { since: number; reason: string } | null;
  /** ms since 1970. */
  createdAt: number;
  /** When it ends by itself, ms since 1970; null for never. */
  expiresAt: number | null;
}

export type NewSubscription = Subscription & { secret: string };

/** What the owner of a subscription may choose at any time. */
export interface SubscriptionChange {
  events?: EventName[];
  chats?: ChatKinds;
  senders?: (Jid | ContactId)[];
  headers?: Record<string, string>;
  /** False makes a disabled one active too. */
  paused?: boolean;
}

export interface SubscriptionRequest extends SubscriptionChange {
  url: string;
  sessionId: SessionId | null;
  tenantId?: string | null;
  events: EventName[];
  /** For who listens only for a while and may not be there to say that it is over. */
  expiresAt?: number | null;
  /** Signs the deliveries; made when missing. */
  secret?: string;
}

/** All there is to say of a subscription to one session, its secrets too. */
export type ExportedSubscription = Required<Omit<SubscriptionRequest, 'sessionId' | 'tenantId'>>;

export interface SubscriptionFilter {
  url?: string;
  sessionId?: SessionId;
  tenantId?: string;
}

/** What became of one event on its way to one subscriber. */
export interface DeliveryRecord {
  eventId: EventId;
  event: EventName;
  sessionId: SessionId;
  state: JobState;
  /** Counted attempts. */
  attempts: number;
  /** Why the last attempt failed; null when none did or it was delivered. */
  reason: string | null;
  nextAttemptAt: number | null;
  createdAt: number;
  finishedAt: number | null;
}

export interface DeliveryDetails extends DeliveryRecord {
  /** The last attempts, the oldest first. */
  tries: Attempt[];
  /** What is delivered. */
  body: string;
}

export interface DeliveryFilter {
  state?: JobState | undefined;
  limit?: number | undefined;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

export interface DeliveryPage {
  deliveries: DeliveryRecord[];
  nextCursor: string | null;
}

/** Which events: from and until a time (ms since 1970, both included), or the last so many. */
export interface ReplayRange {
  from?: number | undefined;
  to?: number | undefined;
  last?: number | undefined;
}

export interface Replayed {
  queued: number;
  /** Where to go on from when there were too many for once; null when all are under way. */
  nextFrom: number | null;
}

export interface WebhookDependencies extends Pick<DeliveryDependencies, 'onTrouble'> {
  /** Subscriptions and deliveries. */
  instance: Database;
  /** Events. */
  sessionDatabase(id: SessionId): Database;
  ledgers: Ledgers;
  /** All sessions, with their tenants; those of other workers too. */
  sessions(): Promise<KnownSession[]>;
  egress: Egress;
  log: Logger;
  /** Encrypts URLs and secrets at rest. */
  seal: Seal;
  sessionHash(id: SessionId): string;
  tenantOf(id: SessionId): string | null;
  now?: () => number;
  random?: () => number;
  onDelivery?: DeliveryDependencies['onDelivery'];
  retry?: Retry;
}

export interface Webhooks {
  /** Throws what `subscribe` would: `invalid_webhook_url` or `address_not_allowed`. */
  check(url: string): void;
  /**
   * Makes a subscription, or replaces all but the address of the one with the same URL and the same session or tenant; the
   * former secret signs along for a day. Throws `invalid_webhook_url`, `address_not_allowed`, `invalid_header`.
   */
  subscribe(request: SubscriptionRequest): Promise<NewSubscription>;
  list(filter?: SubscriptionFilter): Promise<Subscription[]>;
  /** Throws `webhook_not_found`. */
  get(id: WebhookId): Promise<Subscription>;
  /** Throws `webhook_not_found`, `invalid_header`. */
  change(id: WebhookId, change: SubscriptionChange): Promise<Subscription>;
  /** Gives it a new secret; the former one signs along for a day. Throws `webhook_not_found`. */
  rotateSecret(id: WebhookId): Promise<NewSubscription>;
  /**
   * Sends a test event and waits for the answer; when the receiver takes it, what waits for another try goes on. Throws
   * `webhook_not_found`.
   */
  ping(id: WebhookId, signal: AbortSignal): Promise<Attempt>;
  /** Removes a subscription and its deliveries. Throws `webhook_not_found`. */
  unsubscribe(id: WebhookId): Promise<void>;
  /** The subscriptions to one session with their secrets, for a backup. */
  export(id: SessionId): Promise<ExportedSubscription[]>;
  /** Ends the subscriptions to one session, which is being deleted: what they were to be told is still delivered. */
  unsubscribeSession(id: SessionId): Promise<void>;
  /**
   * Makes a fact a durable event with a delivery to each subscriber. The same fact again gives the same event, and only
   * the deliveries that are missing; so whoever crashed before settling a fact repeats it.
   */
  publish(session: SessionId, fact: Fact): Promise<EventEnvelope>;
  /** After a crash: makes the deliveries of the session's last event that are missing, whoever does not repeat the fact. */
  resume(session: SessionId): Promise<void>;
  /** The session goes on at another worker. */
  forget(session: SessionId): Promise<void>;
  /** Delivers until the signal aborts; resolves when the last delivery in hand has ended. */
  start(signal: AbortSignal): Promise<void>;
  /** A subscription's deliveries, the newest first. Throws `webhook_not_found`, `invalid_cursor`. */
  deliveries(id: WebhookId, filter: DeliveryFilter): Promise<DeliveryPage>;
  /** Undefined when the event was not for this subscription, or long ago. Throws `webhook_not_found`. */
  delivery(id: WebhookId, event: EventId): Promise<DeliveryDetails | undefined>;
  /** Delivers a dead letter again; false if there is none. Throws `webhook_not_found`. */
  redrive(id: WebhookId, event: EventId): Promise<boolean>;
  /** Delivers all dead letters again; says how many. Throws `webhook_not_found`. */
  redriveAll(id: WebhookId): Promise<number>;
  /** Delivers events of the last seven days again, as far as the subscription wants them. Throws `webhook_not_found`. */
  replay(id: WebhookId, range: ReplayRange): Promise<Replayed>;
  /** How many messages the session sent and received since then, ms since 1970. */
  countMessages(session: SessionId, since: number): Promise<MessageCounts>;
  /** What has still to be delivered, for the metrics. */
  backlog(): Promise<DeliveryBacklog>;
  /** Events as they come; null now and then when none does. Throws `event_not_found`, `too_many_streams`. */
  stream(filter: EventFilter, options: StreamOptions): Promise<AsyncGenerator<StoredEvent | null, void>>;
}

/** Builds the room on its databases; nothing runs before `start`. */
export function createWebhooks(dependencies: WebhookDependencies): Webhooks {
  const { instance, egress, log, now = () => Date.now(), random = Math.random } = dependencies;
  const { onDelivery = () => undefined, retry = DEFAULT_RETRY, onTrouble, sessions, tenantOf } = dependencies;
  const subscriptions = new KeptSubscriptions(instance, dependencies.seal, now);
  const events = createEventLog(dependencies.ledgers, dependencies.sessionDatabase, dependencies.sessionHash);
  const queue = createDeliveryQueue(instance);
  const deliver = createDelivery({ queue, subscriptions, egress, log, now, random, onDelivery, onTrouble, retry });
  const streams = createEventStreams(events, sessions);
  const publishing = new Publishing({ events, subscriptions, queue, tenantOf, now });

  const forget = async (id: WebhookId) => {
    await subscriptions.remove(id);
    await queue.clear(id);
  };
  const goOnAfter = async <Changed extends Subscription>(change: Promise<Changed>): Promise<Changed> => {
    const changed = await change;
    await queue.goOn(changed.webhookId);
    return changed;
  };
  const known = async <Value>(id: WebhookId, then: (subscription: Subscription) => Promise<Value>) =>
    await then(await subscriptions.get(id));

  return {
    check: (url) => egress.check(url),
    async subscribe(request) {
      egress.check(request.url);
      return await goOnAfter(subscriptions.put(request));
    },
    list: (filter = {}) => subscriptions.list(filter),
    get: (id) => subscriptions.get(id),
    change: (id, change) => goOnAfter(subscriptions.change(id, change)),
    rotateSecret: (id) => subscriptions.rotate(id),
    ping: (id, signal) =>
      known(id, async (subscription) => {
        const target = await subscriptions.target(id);
        if (!target) throw new RuntimeError('webhook_not_found');
        const attempt = await ping({ egress, timeout: retry.timeout, now, signal }, target, subscription, newEventId());
        if (attempt.reason === null) await queue.goOn(id);
        return attempt;
      }),
    unsubscribe: (id) => known(id, () => forget(id)),
    export: (session) => subscriptions.export(session),
    unsubscribeSession: (session) => publishing.end(session, () => endAll(subscriptions, queue, session, now())),
    publish: (session, fact) => publishing.publish(session, fact),
    resume: (session) => publishing.resume(session),
    forget: (session) => publishing.forget(session),
    countMessages: (session, since) => countMessages(events, session, since),
    start: (signal) => queue.run(deliver, signal, (err, jobId) => log.error({ err, jobId }, 'delivery handler failed')),
    deliveries: (id, filter) => known(id, () => queue.page(id, filter)),
    delivery: (id, event) => known(id, () => queue.get(id, event)),
    redrive: (id, event) => known(id, () => queue.redrive(id, event)),
    redriveAll: (id) => known(id, () => queue.redriveAll(id)),
    replay: (id, range) => known(id, (subscription) => replay({ events, queue, sessions }, subscription, range)),
    backlog: () => queue.backlog(),
    stream: (filter, options) => streams.open(filter, options),
  };
}

/** What waits is still delivered, as long as it would be otherwise; a subscription that nothing waits for is gone at once. */
async function endAll(subscriptions: KeptSubscriptions, queue: DeliveryQueue, sessionId: SessionId, now: number) {
  for (const { webhookId } of await subscriptions.list({ sessionId })) {
    await subscriptions.end(webhookId, now + EVENT_RETENTION_MS);
    if (!(await queue.isBusy(webhookId))) await subscriptions.removeEnded(webhookId);
  }
}
