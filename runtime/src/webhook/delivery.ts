/** The handler of the delivery queue: one attempt, and what is to follow from it. */
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Egress } from '../proxy/proxy.ts';
import type { Job, Outcome } from '../store/store.ts';
import { PAUSED, triesOf, type Delivery, type DeliveryHandler, type DeliveryQueue } from './delivery-queue.ts';
import { EVENT_RETENTION_MS } from './event-log.ts';
import { post, type Answer } from './receiver.ts';
import { pauseAfter, type Retry } from './retry.ts';
import { signatureHeaders } from './signature.ts';
import type { Failing } from './subscription-vault.ts';
import type { Subscriptions, Target } from './subscriptions.ts';

export type DeliveryOutcome = 'delivered' | 'retried' | 'dead';

export interface TroubleReport {
  webhook: WebhookId;
  /** The session and the event it began with: together with the webhook they name this trouble, whenever it is told. */
  session: SessionId;
  event: EventId;
  /** Its receiver takes nothing, or something for it was given up. */
  trouble: 'failing' | 'gave_up';
  /** It takes deliveries again. */
  over: boolean;
}

/** A receiver is failing when so many attempts in a row failed: about half a minute after the first. */
const FAILING_AFTER = 3;
/**
 * An event that its receiver has refused so often (some two and a half minutes) steps aside, so that those behind it
 * show whether it is the event or the receiver.
 */
const ASIDE_AFTER = 4;
/** When so many have stepped aside and nothing was taken, it is the receiver: all others wait in their order. */
const MOST_ASIDE = 5;
/** Answers of a receiver, or of what stands before it, that is not there or has too much to do: no word about the event. */
const OF_THE_RECEIVER = new Set([408, 429, 502, 503, 504]);
const TRIES_KEPT = 20;
/** A pause has no end of its own; resuming ends it. */
const LOOK_AGAIN_MS = 3_600_000;

export interface DeliveryDependencies {
  queue: DeliveryQueue;
  subscriptions: Subscriptions;
  egress: Egress;
  log: Logger;
  now: () => number;
  random: () => number;
  /** `ms` is how long ago the delivery was begun. */
  onDelivery: (outcome: DeliveryOutcome, ms: number) => void;
  /** Told again under the same words after a crash. */
  onTrouble: (report: TroubleReport) => Promise<void>;
  retry: Retry;
}

/** The headers an event is delivered with, besides its signatures. */
export const plainHeaders = { 'content-type': 'application/json', 'user-agent': 'whatsapp-runtime' };

/**
 * Makes the handler. When the runtime stops, an attempt in hand may end within a few seconds; longer ones are made again at
 * the next start.
 */
export function createDelivery(dependencies: DeliveryDependencies): DeliveryHandler {
  const { queue, subscriptions, egress, log, now, random, onDelivery, retry } = dependencies;
  const health = watchHealth(dependencies);

  const dead = async (job: Job<Delivery>, target: Target, reason: string, note?: unknown): Promise<Outcome> => {
    await queue.prune(now());
    await health.gaveUp(job, target.failing, reason);
    onDelivery('dead', now() - job.createdAt);
    log.warn({ ...named(job), reason }, 'delivery given up');
    return { kind: 'dead', reason, note };
  };
  const failed = async (job: Job<Delivery>, target: Target, answer: Answer, note: unknown): Promise<Outcome> => {
    const reason = answer.reason ?? 'unknown';
    if (answer.status === 410) {
      await subscriptions.disable(job.data.webhook);
      return dead(job, target, reason, note);
    }
    const pause = pauseAfter(job.attemptsMade + 1, answer, retry, random);
    if (pause === undefined) return dead(job, target, reason, note);
    const aside = stepsAside(job, target.failing, answer);
    // Refused as before while all else is taken: that is no news of the receiver.
    if (!aside || target.failing || job.attemptsMade < ASIDE_AFTER) {
      await health.failed(job, target.failing, reason, aside);
    }
    onDelivery('retried', now() - job.createdAt);
    log.warn({ ...named(job), reason, aside, pause: Math.round(pause) }, 'delivery failed, to be tried again');
    return { kind: 'hold', until: now() + pause, reason, attempt: true, aside, note };
  };

  return endsWithLast(dependencies, async (job, stopping) => {
    const { webhook, eventId, body } = job.data;
    const target = await subscriptions.target(webhook);
    if (!target) return { kind: 'done' };
    if (target.status === 'disabled') return { kind: 'dead', reason: 'disabled' };
    if (target.status === 'paused') {
      return { kind: 'hold', until: now() + LOOK_AGAIN_MS, reason: PAUSED, attempt: false };
    }
    // A receiver that was away for a week is not sent the whole week, message by message, when it returns.
    if (job.started === 1 && now() - job.createdAt > EVENT_RETENTION_MS) return dead(job, target, 'expired');
    const headers = {
      ...{ ...target.headers, ...plainHeaders },
      ...signatureHeaders(eventId, body, target.secrets, now()),
    };
    const call = { url: target.url, headers, body, timeout: retry.timeout, now, stopping };
    const { attempt, ...answer } = await post(egress, call);
    const note = [...triesOf(job), attempt].slice(-TRIES_KEPT);
    // Removed while the call was under way: nobody is waiting for a retry.
    if (!(await subscriptions.target(webhook))) return { kind: 'done', note };
    if (answer.reason !== null) return failed(job, target, { attempt, ...answer }, note);
    await health.delivered(webhook, target.failing);
    // What stepped aside need not wait for its time: it may have been the receiver after all.
    if (target.failing) await queue.goOn(webhook);
    onDelivery('delivered', now() - job.createdAt);
    return { kind: 'done', note };
  });
}

/** With the last of what waited, a subscription to a session that was deleted has done all it was kept for. */
const endsWithLast =
  ({ queue, subscriptions }: DeliveryDependencies, attempt: DeliveryHandler): DeliveryHandler =>
  async (job, stopping) => {
    const outcome = await attempt(job, stopping);
    const { webhook } = job.data;
    if (outcome.kind === 'hold' || !(await subscriptions.target(webhook))?.ending) return outcome;
    if (!(await queue.isBusy(webhook, 'inHand'))) await subscriptions.removeEnded(webhook);
    return outcome;
  };

/**
 * Whether an event lets those behind it go on: when the receiver refuses it, or times out on it, again and again. When
 * some others have stepped aside and nothing was taken meanwhile, it is the receiver, and all wait in their order.
 */
function stepsAside({ data, attemptsMade }: Job<Delivery>, failing: Failing | null, answer: Answer): boolean {
  const { status, reason, retryAfter } = answer;
  const isOfTheEvent = status === null ? reason === 'timeout' : !OF_THE_RECEIVER.has(status);
  const others = failing?.aside ?? [];
  const mayGo = others.length < MOST_ASIDE || others.includes(data.eventId);
  return attemptsMade + 1 >= ASIDE_AFTER && isOfTheEvent && retryAfter === undefined && mayGo;
}

/** Keeps how a receiver does. Told before it is kept: a crash in between tells the same again, and no one twice. */
function watchHealth({ subscriptions, onTrouble, now }: DeliveryDependencies) {
  type Trouble = TroubleReport['trouble'];
  const tell = ({ session, event }: Failing, webhook: WebhookId, trouble: Trouble, over = false) =>
    onTrouble({ webhook, session, event, trouble, over });
  const begin = ({ data }: Job<Delivery>, reason: string): Failing => ({
    ...{ session: data.session, event: data.eventId },
    ...{ since: now(), reason, gaveUp: false },
  });
  return {
    async failed(job: Job<Delivery>, failing: Failing | null, reason: string, aside: boolean): Promise<void> {
      const { webhook, eventId } = job.data;
      if (!failing && job.attemptsMade + 1 < FAILING_AFTER) return;
      const begun = failing ?? begin(job, reason);
      if (!failing) await tell(begun, webhook, 'failing');
      const others = (begun.aside ?? []).filter((each) => each !== eventId);
      if (!failing || aside) {
        await subscriptions.note(webhook, aside ? { ...begun, aside: [...others, eventId] } : begun);
      }
    },
    async gaveUp(job: Job<Delivery>, failing: Failing | null, reason: string): Promise<void> {
      if (failing?.gaveUp) return;
      const begun = failing ?? begin(job, reason);
      await tell(begun, job.data.webhook, 'gave_up');
      await subscriptions.note(job.data.webhook, { ...begun, gaveUp: true });
    },
    async delivered(webhook: WebhookId, failing: Failing | null): Promise<void> {
      if (!failing) return;
      await tell(failing, webhook, 'failing', true);
      if (failing.gaveUp) await tell(failing, webhook, 'gave_up', true);
      await subscriptions.note(webhook, null);
    },
  };
}

const named = ({ data, attemptsMade }: Job<Delivery>) => ({
  webhookId: data.webhook,
  eventId: data.eventId,
  sessionId: data.session,
  attempt: attemptsMade + 1,
});
