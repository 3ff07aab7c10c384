/**
 * Deliveries: one job for each event and subscriber, in the subscriber's lane. The job carries the body as it was signed
 * for, so that a delivery outlives the session it tells about.
 */
import type { EventEnvelope, EventName } from '../events.ts';
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Egress } from '../proxy/proxy.ts';
import type { Database, Job, JobState, Outcome, Queue } from '../store/store.ts';
import { EVENT_RETENTION_MS } from './event-log.ts';
import { post } from './receiver.ts';
import { pauseAfter, type Failure, type Retry } from './retry.ts';
import { signatureHeaders } from './signature.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { DeliveryRecord } from './webhook.ts';

export type DeliveryOutcome = 'delivered' | 'retried' | 'dead';

/** What is to be delivered, and to whom. */
export interface Delivery {
  webhook: WebhookId;
  session: SessionId;
  eventId: EventId;
  event: EventName;
  body: string;
}

/** A delivery that was made is remembered for a day, so that a fact repeated after a crash is not told twice. */
const KEEP_DELIVERED_MS = 24 * 3_600_000;
/** A dead letter can be driven again for so long. */
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const PRUNE_BATCH = 20;
const CLEAR_BATCH = 500;
const STATES: JobState[] = ['waiting', 'active', 'done', 'dead'];

export const deliveryId = (webhook: WebhookId, event: EventId): string => `${webhook}-${event}`;

export interface DeliveryQueue {
  jobs: Queue<Delivery>;
  add(webhook: WebhookId, envelope: EventEnvelope, body: string): Promise<void>;
  records(webhook: WebhookId, limit: number): Promise<DeliveryRecord[]>;
  /** Removes all deliveries to one subscriber but the one in hand, which finds the subscription gone. */
  clear(webhook: WebhookId): Promise<void>;
  /** Removes some of the dead letters that are too old. */
  prune(now: number): Promise<void>;
}

export function createDeliveryQueue(instance: Database): DeliveryQueue {
  const jobs = instance.queue<Delivery>('webhook-delivery', { keepDone: KEEP_DELIVERED_MS });
  return {
    jobs,
    async add(webhook, { id, event, sessionId }, body) {
      const delivery: Delivery = { webhook, session: sessionId, eventId: id, event, body };
      await jobs.add(deliveryId(webhook, id), delivery, { lane: webhook });
    },
    async records(lane, limit) {
      const lists = await Promise.all(STATES.map((state) => jobs.list(state, limit, { lane, newestFirst: true })));
      return lists
        .flat()
        .sort((a, b) => b.createdAt - a.createdAt)
        .slice(0, limit)
        .map(toRecord);
    },
    async clear(lane) {
      for (const state of STATES.filter((each) => each !== 'active')) {
        for (;;) {
          // From the back, so that removing the one in front does not start the next.
          const batch = await jobs.list(state, CLEAR_BATCH, { lane, newestFirst: true });
          for (const { id } of batch) await jobs.remove(id);
          if (batch.length < CLEAR_BATCH) break;
        }
      }
    },
    async prune(now) {
      for (const { id, finishedAt } of await jobs.list('dead', PRUNE_BATCH)) {
        if ((finishedAt ?? now) <= now - KEEP_DEAD_MS) await jobs.remove(id);
      }
    },
  };
}

const toRecord = ({ data, ...job }: Job<Delivery>): DeliveryRecord => ({
  eventId: data.eventId,
  event: data.event,
  sessionId: data.session,
  state: job.state,
  attempts: job.attemptsMade,
  reason: job.reason,
  nextAttemptAt: job.heldUntil,
  createdAt: job.createdAt,
  finishedAt: job.finishedAt,
});

interface DeliveryDependencies {
  queue: DeliveryQueue;
  subscriptions: Subscriptions;
  egress: Egress;
  log: Logger;
  now: () => number;
  random: () => number;
  onDelivery: (outcome: DeliveryOutcome) => void;
  retry: Retry;
}

type Handler = (job: Job<Delivery>, stopping: AbortSignal) => Promise<Outcome>;

/**
 * The handler of the delivery queue: one attempt, and what is to follow from it. When the runtime stops, an attempt in hand
 * may end within a few seconds; longer ones are made again at the next start.
 */
export function createDelivery(dependencies: DeliveryDependencies): Handler {
  const { queue, subscriptions, egress, log, now, random, onDelivery, retry } = dependencies;

  const dead = async (job: Job<Delivery>, reason: string): Promise<Outcome> => {
    await queue.prune(now());
    onDelivery('dead');
    log.warn({ ...named(job), reason }, 'delivery given up');
    return { kind: 'dead', reason };
  };
  const again = async (job: Job<Delivery>, failure: Failure): Promise<Outcome> => {
    const pause = pauseAfter(job.attemptsMade + 1, failure, retry, random);
    if (pause === undefined) return dead(job, failure.reason);
    onDelivery('retried');
    log.warn({ ...named(job), reason: failure.reason, pause: Math.round(pause) }, 'delivery failed, to be tried again');
    return { kind: 'hold', until: now() + pause, reason: failure.reason, attempt: true };
  };

  return async (job, stopping) => {
    const { webhook, eventId, body } = job.data;
    const target = await subscriptions.target(webhook);
    if (!target) return { kind: 'done' };
    if (target.status === 'disabled') return dead(job, 'disabled');
    // A receiver that was away for a week is not sent the whole week, message by message, when it returns.
    if (job.started === 1 && now() - job.createdAt > EVENT_RETENTION_MS) return dead(job, 'expired');
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'whatsapp-runtime',
      ...signatureHeaders(eventId, body, target.secrets, now()),
    };
    const answer = await post(egress, { url: target.url, headers, body, timeout: retry.timeout, now, stopping });
    if (answer.kind === 'accepted') {
      onDelivery('delivered');
      return { kind: 'done' };
    }
    // Removed while the call was under way: nobody is waiting for a retry.
    if (!(await subscriptions.target(webhook))) return { kind: 'done' };
    if (answer.kind === 'failed') return again(job, answer);
    await subscriptions.disable(webhook);
    return dead(job, 'http_410');
  };
}

const named = ({ data, attemptsMade }: Job<Delivery>) => ({
  webhookId: data.webhook,
  eventId: data.eventId,
  sessionId: data.session,
  attempt: attemptsMade + 1,
});
