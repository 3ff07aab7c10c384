/**
 * Sends one message: plan, perform the steps, wait for WhatsApp's ack.
 *
 * What a crash leaves at each point: before the ack, the job is still in the queue and is sent again under the same id,
 * which recipients show once; after the ack but before the status is durable, the same; after the status, the rerun
 * sees it and only finishes the job. So a message is lost nowhere and shown twice nowhere.
 */
import { isFile, makingOf } from '../content.ts';
import type { Jid, MessageId, SessionId } from '../ids.ts';
import { plan, profilesWith, PROFILES, quietUntil, type Plan, type Profile } from '../pacing/pacing.ts';
import type { AckOutcome, LiveSocket, SentMessages, Session } from '../session/session.ts';
import type { Job, Outcome } from '../store/store.ts';
import type { Chat, Chats } from './chats.ts';
import { firstContact, inConversation, QUIET, RESTRICTED } from './first-contact.ts';
import { requireLive } from './mark-read.ts';
import type { Numbers } from './numbers.ts';
import type { OptOuts } from './opt-outs.ts';
import type { OutboxDeps } from './outbox.ts';
import type { Restrictions } from './restrictions.ts';
import type { OutboxJob } from './job.ts';
import type { SessionSettings } from './session-settings.ts';
import { Mutex } from 'async-mutex';
import type { Statuses } from './status.ts';
import { Typist } from './typist.ts';

/** A message that could not even be written is tried this often before it is given up. */
const MAX_ATTEMPTS = 5;
/** One with a file more often: the host it is uploaded to can be away for some minutes. */
const MAX_UPLOADS = 12;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** After a message of unknown fate: by then the suspect connection has been ended. */
const UNCERTAIN_RETRY_MS = 1_000;

/** What the outbox of a session remembers. */
interface Records {
  chats: Chats;
  statuses: Statuses;
  sent: SentMessages;
  numbers: Numbers;
  restrictions: Restrictions;
  settings: SessionSettings;
  optOuts: OptOuts;
}

/** The message being worked on. */
interface InHand {
  id: MessageId;
  /** Aborts when it is taken back. */
  typing: AbortController;
  /** From here on it may have left. */
  written: boolean;
}

/** All that is needed to send. */
interface Ready {
  chat: Chat;
  session: Session;
  live: LiveSocket;
  /** It was made ready in an attempt before, and nobody knows how far it came. */
  leftBefore: boolean;
}

export class Dispatcher {
  readonly #session: SessionId;
  readonly #deps: OutboxDeps;
  readonly #chats: Chats;
  readonly #statuses: Statuses;
  readonly #sent: SentMessages;
  readonly #before: Pick<Records, 'numbers' | 'restrictions' | 'settings' | 'optOuts'>;
  readonly #typist: Typist;
  readonly #profiles: Record<string, Profile>;
  readonly #now: () => number;
  /** Taking a message back and writing it to the connection exclude each other. */
  readonly #fate = new Mutex();
  #inHand: InHand | null = null;
  #brakedUntil = 0;

  constructor(session: SessionId, deps: OutboxDeps, records: Records) {
    this.#session = session;
    this.#deps = deps;
    this.#chats = records.chats;
    this.#statuses = records.statuses;
    this.#sent = records.sent;
    this.#before = records;
    this.#profiles = profilesWith(deps.settings.profiles);
    this.#typist = new Typist(session, deps.log);
    this.#now = deps.now ?? Date.now;
  }

  /** Nothing is sent for so long, ms. */
  brake(ms: number): void {
    this.#brakedUntil = this.#now() + ms;
  }

  /** Nothing is sent until then, ms since 1970; null when there is no brake. */
  pausedUntil(): number | null {
    return this.#brakedUntil > this.#now() ? this.#brakedUntil : null;
  }

  /** Shows typing, recording or neither in a chat. Throws `session_not_connected`. */
  async showTyping(to: Jid, state: 'composing' | 'recording' | 'paused'): Promise<void> {
    await this.#typist.show(to, state, requireLive(this.#deps, this.#session));
  }

  /** Makes a message that has not gone fail; false when it is too late, or it may be. */
  withdraw(id: MessageId, why: string): Promise<boolean> {
    return this.#fate.runExclusive(async () => {
      if ((await this.#statuses.find(id))?.status !== 'pending') return false;
      const hand = this.#inHand?.id === id ? this.#inHand : null;
      if (hand?.written || (await this.#mayHaveLeft(id))) return false;
      await this.#statuses.advance(id, 'failed', { why, certain: true });
      this.#deps.metrics.failed.inc({ by: 'runtime' });
      hand?.typing.abort();
      return true;
    });
  }

  async handle(job: Job<OutboxJob>, stopping: AbortSignal): Promise<Outcome> {
    const hand: InHand = { id: job.id as MessageId, typing: new AbortController(), written: false };
    this.#inHand = hand;
    try {
      return await this.#handle(job, hand, AbortSignal.any([stopping, hand.typing.signal]));
    } finally {
      this.#inHand = null;
      this.#typist.linger();
    }
  }

  async #handle(job: Job<OutboxJob>, hand: InHand, signal: AbortSignal): Promise<Outcome> {
    const { id } = hand;
    const over = await this.#over(id, job.data);
    if (over) return over;
    const session = this.#deps.sessions.find(this.#session);
    const live = session?.live();
    const brakedMs = this.#brakedUntil - this.#now();
    if (brakedMs > 0) return this.#hold(brakedMs, 'sending_paused');
    if (!session || !live) return this.#hold(UNCERTAIN_RETRY_MS, 'not_connected');

    // Looked up once: only this attempt's own sending changes it.
    const leftBefore = await this.#mayHaveLeft(id);
    const chat = await this.#chats.get(job.data.to);
    const barred = leftBefore ? null : await this.#barred(job, chat, live);
    if (barred) return barred;
    return await this.#typeAndSend(job, hand, signal, { chat, session, live, leftBefore });
  }

  /** Types it as planned, and sends it. */
  async #typeAndSend(job: Job<OutboxJob>, hand: InHand, signal: AbortSignal, ready: Ready): Promise<Outcome> {
    const { id } = hand;
    const { chat, session, live } = ready;
    const planned = this.#plan(job, chat, session);
    if (planned.kind === 'wait') return { kind: 'hold', until: planned.until, reason: planned.reason, attempt: false };
    if (planned.kind === 'refuse') return await this.#giveUp(id, planned.code);
    // What was built before may have arrived: it is not typed a second time.
    const typed =
      ready.leftBefore || (await this.#typist.perform(planned.steps, { to: job.data.to, chat, live }, signal));
    const late = await this.#fate.runExclusive(async () => {
      const ended = await this.#over(id, job.data);
      hand.written = !ended && typed && session.live() === live;
      return ended;
    });
    if (late) return late;
    if (!hand.written) return this.#hold(0, 'interrupted');
    return await this.#send(job, id, ready);
  }

  /** What is left to do for a message that has gone, has been taken back or has expired; null while it is to be sent. */
  async #over(id: MessageId, { expiresAt }: OutboxJob): Promise<Outcome | null> {
    const now = await this.#statuses.reached(id);
    if (now?.status === 'failed') return { kind: 'dead', reason: now.note ?? 'failed' };
    if (now && now.status !== 'pending') return { kind: 'done' };
    if (expiresAt === null || expiresAt > this.#now()) return null;
    return await this.#giveUp(id, 'expired', !(await this.#mayHaveLeft(id)));
  }

  /** It was made ready before, and nobody knows how far it came. */
  async #mayHaveLeft(id: MessageId): Promise<boolean> {
    return (await this.#sent.find(id)) !== undefined;
  }

  /** Why it may not go now, if it may not: it is quiet, or the first message to somebody has to wait. */
  async #barred(job: Job<OutboxJob>, { history }: Chat, live: LiveSocket): Promise<Outcome | null> {
    const [id, { to, isReply }] = [job.id as MessageId, job.data];
    // Accepted in the moment before they asked to be left alone.
    if (await this.#before.optOuts.forbids(to, job.data.content)) return await this.#giveUp(id, 'opted_out');
    const { quietHours } = await this.#before.settings.get();
    const quiet = quietHours && quietUntil(quietHours, this.#now());
    if (quiet && !isReply && !inConversation(history, this.#now()))
      return { kind: 'hold', until: quiet, reason: QUIET, attempt: false };
    if (history.known) return null;
    const first = await firstContact(to, live, this.#before, this.#now());
    if (first.kind === 'wait') return { ...first, kind: 'hold', attempt: false };
    return first.kind === 'refuse' ? await this.#giveUp(id, first.code) : null;
  }

  /** Ends the presence kept up after the last message. */
  async rest(): Promise<void> {
    await this.#typist.rest();
  }

  #plan(job: Job<OutboxJob>, chat: Chat, session: Session): Plan {
    const { data } = job;
    const { profile } = this.#deps.settings;
    const wanted = data.humanization ?? session.humanization() ?? profile;
    return plan({
      message: {
        ...makingOf(data.content),
        textHash: data.contentHash,
        messageId: job.id,
        isReply: data.isReply,
        readBefore: data.readBefore,
        humanize: data.humanize,
        ...(data.typingDelay !== null && { typingDelay: data.typingDelay }),
      },
      // Duplicates and the daily count were judged when the message was accepted, and are not judged twice.
      chat: { ...chat.history, texts: [] },
      day: { sentToday: 0, limit: Number.MAX_SAFE_INTEGER, resetsAt: 0 },
      // One that is not configured any more is as if it had not been named.
      profile: this.#profiles[wanted] ?? this.#profiles[profile] ?? PROFILES.normal,
      now: this.#now(),
      random: this.#deps.random ?? Math.random,
    });
  }

  async #send(job: Job<OutboxJob>, id: MessageId, { live, session, leftBefore }: Ready): Promise<Outcome> {
    const { to, content, contentHash, quoted, target } = job.data;
    this.#deps.metrics.written.inc();
    const began = performance.now();
    const outcome: AckOutcome = await live.send(to, { messageId: id, content, quoted, target });
    const certain = !leftBefore && (outcome.kind === 'not_sent' || outcome.kind === 'refused');
    if (certain) await this.#sent.forget(id);
    switch (outcome.kind) {
      case 'acked':
        this.#noteAcked(job.runAt, began);
        await this.#chats.noteSent(to, contentHash, id);
        await this.#statuses.advance(id, 'sent');
        return { kind: 'done' };
      case 'refused':
        return (await this.#restricted(outcome.error, live)) ?? (await this.#giveUp(id, outcome.error));
      case 'uncertain':
        session.suspect(outcome.why);
        return this.#hold(UNCERTAIN_RETRY_MS, outcome.why);
      case 'not_sent':
        if (session.live() !== live) return this.#hold(UNCERTAIN_RETRY_MS, outcome.why);
        if (job.attemptsMade + 1 >= (isFile(content) ? MAX_UPLOADS : MAX_ATTEMPTS))
          return await this.#giveUp(id, outcome.why, !leftBefore);
        return this.#hold(Math.min(FIRST_RETRY_MS * 2 ** job.attemptsMade, LONGEST_RETRY_MS), outcome.why, true);
      default:
        return outcome satisfies never;
    }
  }

  /** What would begin a new chat waits until the account may; null when the refusal is about something else. */
  async #restricted(error: string, live: LiveSocket): Promise<Outcome | null> {
    const { restrictions } = this.#before;
    const kind = restrictions.kindOf(error);
    if (!kind) return null;
    const told = await live.askRestriction(kind).catch(() => null);
    const until = await restrictions.refused(kind, told);
    return { kind: 'hold', until, reason: RESTRICTED, attempt: false };
  }

  async #giveUp(id: MessageId, why: string, certain = true): Promise<Outcome> {
    this.#deps.metrics.failed.inc({ by: /^\d+$/.test(why) ? 'whatsapp' : 'runtime' });
    await this.#statuses.advance(id, 'failed', { why, certain });
    return { kind: 'dead', reason: why };
  }

  #noteAcked(runAt: number, began: number): void {
    const { acked, sendSeconds, messageSeconds } = this.#deps.metrics;
    acked.inc();
    sendSeconds.observe((performance.now() - began) / 1_000);
    messageSeconds.observe(Math.max(0, this.#now() - runAt) / 1_000);
  }

  #hold(ms: number, reason: string, attempt = false): Outcome {
    return { kind: 'hold', until: this.#now() + ms, reason, attempt };
  }
}
