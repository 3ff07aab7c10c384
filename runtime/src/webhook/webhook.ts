/**
 * Webhooks: who wants to hear of what, and the delivery of events to them. An event is durable before `publish` resolves,
 * reaches each subscriber at least once under an id that never changes, and in order: a subscriber that fails holds up
 * its own deliveries and nobody else's.
 */
import { Mutex } from 'async-mutex';
import type { EventEnvelope, EventName, Fact } from '../events.ts';
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Egress } from '../proxy/proxy.ts';
import type { Seal } from '../seal.ts';
import type { Database, JobState } from '../store/store.ts';
import { createDelivery, createDeliveryQueue, deliveryId, type DeliveryOutcome } from './delivery.ts';
import { createEventLog } from './event-log.ts';
import { DEFAULT_RETRY, type Retry } from './retry.ts';
import { createSubscriptions } from './subscriptions.ts';

/** A subscription as its owner sees it; the secret is shown once, when it is made. */
export interface Subscription {
  webhookId: WebhookId;
  url: string;
  /** The session it listens to; null for all. */
  sessionId: SessionId | null;
  events: EventName[];
  /** `disabled` after the receiver answered 410 Gone; subscribing again enables it. */
  status: 'active' | 'disabled';
  /** ms since 1970. */
  createdAt: number;
}

export interface SubscriptionRequest {
  url: string;
  sessionId: SessionId | null;
  events: EventName[];
  /** Signs the deliveries; made when missing. */
  secret?: string;
}

export interface SubscriptionFilter {
  url?: string;
  sessionId?: SessionId;
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

export interface WebhookDependencies {
  /** Subscriptions and deliveries. */
  instance: Database;
  /** Events. */
  sessionDatabase(id: SessionId): Database;
  egress: Egress;
  log: Logger;
  /** Encrypts URLs and secrets at rest. */
  seal: Seal;
  sessionHash(id: SessionId): string;
  now?: () => number;
  random?: () => number;
  onDelivery?: (outcome: DeliveryOutcome) => void;
  retry?: Retry;
}

export interface Webhooks {
  /** Throws what `subscribe` would: `invalid_webhook_url` or `address_not_allowed`. */
  check(url: string): void;
  /**
   * Makes a subscription, or replaces events and secret of the one with the same URL and session; the former secret
   * signs along for a day. Throws `invalid_webhook_url` or `address_not_allowed`.
   */
  subscribe(request: SubscriptionRequest): Promise<Subscription & { secret: string }>;
  list(filter?: SubscriptionFilter): Promise<Subscription[]>;
  /** Throws `webhook_not_found`. */
  get(id: WebhookId): Promise<Subscription>;
  /** Removes a subscription and its deliveries. Throws `webhook_not_found`. */
  unsubscribe(id: WebhookId): Promise<void>;
  /** The subscriptions to one session with their secrets, for a backup. */
  export(id: SessionId): Promise<(SubscriptionRequest & { secret: string })[]>;
  /** Removes the subscriptions to one session, which is being deleted. */
  unsubscribeSession(id: SessionId): Promise<void>;
  /**
   * Makes a fact a durable event with a delivery to each subscriber. The same fact again gives the same event, and only
   * the deliveries that are missing; so whoever crashed before settling a fact repeats it.
   */
  publish(session: SessionId, fact: Fact): Promise<EventEnvelope>;
  /** Delivers until the signal aborts; resolves when the last delivery in hand has ended. */
  start(signal: AbortSignal): Promise<void>;
  /** A subscription's deliveries, the newest first. Throws `webhook_not_found`. */
  deliveries(id: WebhookId, options: { limit: number }): Promise<DeliveryRecord[]>;
  /** Delivers a dead letter again; false if there is none. Throws `webhook_not_found`. */
  redrive(id: WebhookId, event: EventId): Promise<boolean>;
}

/** Builds the room on its databases; nothing runs before `start`. */
export function createWebhooks(dependencies: WebhookDependencies): Webhooks {
  const { instance, egress, log, now = () => Date.now(), random = Math.random } = dependencies;
  const { onDelivery = () => undefined, retry = DEFAULT_RETRY } = dependencies;
  const subscriptions = createSubscriptions(instance.keyValue('webhooks'), dependencies.seal, now);
  const events = createEventLog(dependencies.sessionDatabase, dependencies.sessionHash, now);
  const queue = createDeliveryQueue(instance);
  const deliver = createDelivery({ queue, subscriptions, egress, log, now, random, onDelivery, retry });
  const inOrder = new Map<SessionId, Mutex>();

  const forget = async (id: WebhookId) => {
    await subscriptions.remove(id);
    await queue.clear(id);
  };
  const publish = async (session: SessionId, fact: Fact): Promise<EventEnvelope> => {
    const { envelope, body } = await events.append(session, fact);
    for (const { webhookId } of await subscriptions.of(session, fact.event)) await queue.add(webhookId, envelope, body);
    return envelope;
  };

  return {
    check: (url) => egress.check(url),
    async subscribe(request) {
      egress.check(request.url);
      return subscriptions.put(request);
    },
    list: (filter = {}) => subscriptions.list(filter),
    get: (id) => subscriptions.get(id),
    async unsubscribe(id) {
      await subscriptions.get(id);
      await forget(id);
    },
    export: (session) => subscriptions.export(session),
    async unsubscribeSession(session) {
      for (const { webhookId } of await subscriptions.list({ sessionId: session })) await forget(webhookId);
      inOrder.delete(session);
    },
    publish(session, fact) {
      const line = inOrder.get(session) ?? new Mutex();
      inOrder.set(session, line);
      return line.runExclusive(() => publish(session, fact));
    },
    start: (signal) =>
      queue.jobs.process(deliver, {
        // One for each subscription: however many receivers are slow, the others are not delayed.
        concurrency: Number.POSITIVE_INFINITY,
        signal,
        onError: (err, jobId) => log.error({ err, jobId }, 'delivery handler failed'),
      }),
    async deliveries(id, { limit }) {
      await subscriptions.get(id);
      return queue.records(id, limit);
    },
    async redrive(id, event) {
      await subscriptions.get(id);
      return queue.jobs.redrive(deliveryId(id, event));
    },
  };
}
