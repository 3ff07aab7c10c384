/**
 * Deliveries: one job for each event and subscriber, in the subscriber's lane. The job carries the body as it was signed
 * for, so that a delivery outlives the session it tells about.
 */
import { RuntimeError } from '../errors.ts';
import type { EventName } from '../events.ts';
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Backlog, Database, Job, JobState, ProcessOptions, Queue } from '../store/store.ts';
import type { StoredEvent } from './event-log.ts';
import type { Attempt } from './receiver.ts';
import type { DeliveryDetails, DeliveryFilter, DeliveryPage, DeliveryRecord } from './webhook.ts';

/** What is to be delivered, and to whom. */
export interface Delivery {
  webhook: WebhookId;
  session: SessionId;
  eventId: EventId;
  event: EventName;
  body: string;
}

/** A delivery that was made is remembered for a day, so that a fact repeated after a crash is not told twice. */
export const KEEP_DELIVERED_MS = 24 * 3_600_000;
/** A dead letter can be driven again for so long. */
const KEEP_DEAD_MS = 30 * 24 * 3_600_000;
const PRUNE_BATCH = 20;
const BATCH = 500;
const DEFAULT_PAGE = 50;
const STATES: JobState[] = ['waiting', 'active', 'done', 'dead'];
/** Why the head of a paused subscription's lane waits. */
export const PAUSED = 'paused';

const deliveryId = (webhook: WebhookId, event: EventId): string => `${webhook}-${event}`;

/** What makes one attempt, and says what is to follow from it. */
export type DeliveryHandler = Parameters<Queue<Delivery>['process']>[0];

export interface DeliveryBacklog extends Omit<Backlog, 'fronts'> {
  /** Since when the oldest delivery waits, ms since 1970, not counting paused webhooks; null for none. */
  oldest: number | null;
}

export interface DeliveryQueue {
  /** Delivers until the signal aborts; resolves when the last delivery in hand has ended. */
  run(handler: DeliveryHandler, signal: AbortSignal, onError: ProcessOptions['onError']): Promise<void>;
  /** Has an event delivered to a subscriber, unless it was or is being already. */
  add(webhook: WebhookId, event: StoredEvent): Promise<void>;
  /** Has it delivered although it was; false when it is waiting already. */
  repeat(webhook: WebhookId, event: StoredEvent): Promise<boolean>;
  /** Throws `invalid_cursor`. */
  page(webhook: WebhookId, filter: DeliveryFilter): Promise<DeliveryPage>;
  get(webhook: WebhookId, event: EventId): Promise<DeliveryDetails | undefined>;
  redrive(webhook: WebhookId, event: EventId): Promise<boolean>;
  /** Drives all dead letters of a subscriber again; says how many. */
  redriveAll(webhook: WebhookId): Promise<number>;
  /** What waits because of a pause or a failure goes on now. */
  goOn(webhook: WebhookId): Promise<void>;
  /** Whether anything for a subscriber still waits, or waits besides the delivery that is in hand. */
  isBusy(webhook: WebhookId, besides?: 'inHand'): Promise<boolean>;
  /** Removes all deliveries to one subscriber but the one in hand, which finds the subscription gone. */
  clear(webhook: WebhookId): Promise<void>;
  backlog(): Promise<DeliveryBacklog>;
  /** Removes some of the dead letters that are too old. */
  prune(now: number): Promise<void>;
}

export function createDeliveryQueue(instance: Database): DeliveryQueue {
  const jobs = instance.queue<Delivery>('webhook-delivery', { keepDone: KEEP_DELIVERED_MS });
  const add = async (webhook: WebhookId, { envelope, body }: StoredEvent) => {
    const { id, event, sessionId } = envelope;
    const delivery: Delivery = { webhook, session: sessionId, eventId: id, event, body };
    await jobs.add(deliveryId(webhook, id), delivery, { lane: webhook });
  };
  return {
    add,
    // One for each subscription at once: however many receivers are slow, the others are not delayed.
    run: (handler, signal, onError) =>
      jobs.process(handler, { concurrency: Number.POSITIVE_INFINITY, signal, onError }),
    async repeat(webhook, event) {
      const id = deliveryId(webhook, event.envelope.id);
      const state = (await jobs.get(id))?.state;
      if (state === 'dead') return await jobs.redrive(id);
      if (state === 'waiting' || state === 'active') return false;
      if (state === 'done') await jobs.remove(id);
      await add(webhook, event);
      return true;
    },
    async page(lane, { state, limit = DEFAULT_PAGE, cursor }) {
      const before = cursor === undefined ? undefined : readCursor(cursor);
      const { jobs: found, next } = await jobs.page(state ? [state] : STATES, limit, { before, lane });
      return { deliveries: found.map(toRecord), nextCursor: next === null ? null : String(next) };
    },
    async get(webhook, event) {
      const job = await jobs.get(deliveryId(webhook, event));
      return job && { ...toRecord(job), tries: triesOf(job), body: job.data.body };
    },
    redrive: (webhook, event) => jobs.redrive(deliveryId(webhook, event)),
    redriveAll: (lane) => redriveAll(jobs, lane),
    backlog: async () => withoutPauses(await jobs.backlog()),
    goOn: (webhook) => jobs.hastenLane(webhook),
    isBusy: (lane, besides) => hasAny(jobs, lane, besides ? ['waiting'] : ['waiting', 'active']),
    async clear(lane) {
      for (const state of STATES.filter((each) => each !== 'active')) {
        for (;;) {
          // From the back, so that removing the one in front does not start the next.
          const batch = await jobs.list(state, BATCH, { lane, newestFirst: true });
          for (const { id } of batch) await jobs.remove(id);
          if (batch.length < BATCH) break;
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

async function redriveAll(jobs: Queue<Delivery>, lane: string): Promise<number> {
  // All of them first: one that dies again at once must not be driven again for ever.
  const ids: string[] = [];
  for (let before: number | null | undefined; before !== null; ) {
    const { jobs: dead, next } = await jobs.page(['dead'], BATCH, { before, lane });
    ids.push(...dead.map(({ id }) => id));
    before = next;
  }
  let driven = 0;
  for (const id of ids.reverse()) if (await jobs.redrive(id)) driven += 1;
  return driven;
}

async function hasAny(jobs: Queue<Delivery>, lane: string, states: JobState[]): Promise<boolean> {
  for (const state of states) if ((await jobs.list(state, 1, { lane })).length > 0) return true;
  return false;
}

function withoutPauses({ fronts, ...counts }: Backlog): DeliveryBacklog {
  const times = fronts.filter(({ reason }) => reason !== PAUSED).map(({ oldest }) => oldest);
  return { ...counts, oldest: times.length > 0 ? Math.min(...times) : null };
}

/** What is known of the last attempts. */
export const triesOf = ({ note }: Job<Delivery>): Attempt[] => (note ?? []) as Attempt[];

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

function readCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new RuntimeError('invalid_cursor');
  return Number(cursor);
}
