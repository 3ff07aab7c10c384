/** One session's outbox: accepts messages into its queue and lets the dispatcher send them, one typist at a time. */
import { isFile } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { isGroup, reserveMessageId, type ContactId, type Jid, type MessageId, type SessionId } from '../ids.ts';
import { quietUntil, refusal } from '../pacing/pacing.ts';
import type { SentMessages } from '../session/session.ts';
import type { Job, Outcome, Queue } from '../store/store.ts';
import { Mutex } from 'async-mutex';
import { addresseeOf, addressOf, chatKeyOf } from './addressee.ts';
import { Bulks } from './bulk.ts';
import { Chats } from './chats.ts';
import { Dispatcher } from './dispatcher.ts';
import type { OutboxDeps, ReceivedMessage, SentMessage } from './outbox.ts';
import { FIRST_WORD_WAITS, inConversation, QUIET, RESTRICTED } from './first-contact.ts';
import { limitsOf, type Limits } from './limits.ts';
import { fingerprintOf, jobFor, type OutboxJob, type AddressedMessage } from './job.ts';
import { markRead } from './mark-read.ts';
import { Numbers } from './numbers.ts';
import { keywordIn, OptOuts, type OptOut } from './opt-outs.ts';
import { Restrictions } from './restrictions.ts';
import { References } from './references.ts';
import { sentMessages } from './sent-messages.ts';
import { SessionSettings, type OutboxSettings } from './session-settings.ts';
import { Statuses } from './status.ts';

/** Replies go before messages nobody waits for. */
const PRIORITY = { reply: 0, proactive: 10, bulk: 20 } as const;
/** A bulk goes on to the next recipient when a message is held for longer than this. */
const BULK_PATIENCE_MS = 60_000;
/** How long a sent message's job is kept: as long as its Idempotency-Key is recognised and a recipient may ask again. */
const KEEP_SENT_MS = 7 * 24 * 3_600_000;

export class SessionOutbox {
  readonly statuses: Statuses;
  readonly chats: Chats;
  readonly sent: SentMessages;
  readonly numbers: Numbers;
  readonly settings: SessionSettings;
  readonly restrictions: Restrictions;
  readonly bulks: Bulks;
  readonly optOuts: OptOuts;
  readonly #session: SessionId;
  readonly #deps: OutboxDeps;
  readonly #queue: Queue<OutboxJob>;
  readonly #keyOf: (chat: Jid) => Promise<string>;
  readonly #dispatcher: Dispatcher;
  readonly #references: References;
  /** Wakes at the times messages expire, connected or not. A crash between the two leaves one without its message. */
  readonly #expiries: Queue<null>;
  readonly #accepting = new Mutex();
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #watching: Promise<unknown> | null = null;

  constructor(session: SessionId, deps: OutboxDeps) {
    this.#session = session;
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    const database = deps.store.session(session);
    this.#queue = database.queue<OutboxJob>('outbox', { keepDone: KEEP_SENT_MS });
    this.#expiries = database.queue<null>('expiry', { keepDone: 0 });
    this.settings = new SessionSettings(database.keyValue('settings'));
    const dailyLimit = async () => (await this.settings.get()).dailyLimit ?? deps.settings.dailyLimit;
    this.#keyOf = chatKeyOf(deps.contacts, session);
    const followed = (namespace: string) => database.keyValue(namespace, 'crash');
    this.chats = new Chats(followed('chats'), this.#keyOf, dailyLimit, this.#now);
    const publish = (fact: Parameters<OutboxDeps['publish']>[1]) => deps.publish(session, fact);
    this.sent = sentMessages(followed('sent'), (id) => deps.attachments.open(session, id as MessageId));
    const received = (chat: Jid, id: MessageId) => deps.received(session, chat, id);
    this.#references = new References(received, this.#queue, this.sent);
    const contactOf = addresseeOf(deps.contacts, session);
    this.statuses = new Statuses(session, followed('messages'), this.#queue, publish, contactOf, this.#now);
    this.numbers = new Numbers(database.keyValue('numbers'), deps.settings.numberChecksPerHour, this.#now);
    const onLifted = () => this.#queue.hasten([RESTRICTED]);
    this.restrictions = new Restrictions(database.keyValue('restriction'), publish, onLifted, this.#now);
    this.optOuts = new OptOuts(database.keyValue('opt-outs'), contactOf, this.#now);
    this.#dispatcher = new Dispatcher(session, deps, this);
    this.bulks = new Bulks(session, {
      ...{ database, chats: this.chats, statuses: this.statuses, now: this.#now },
      newcomersPerDay: deps.settings.bulkNewContactsPerDay,
      accept: async (message) => this.accept({ ...message, to: await addressOf(deps.contacts, session, message.to) }),
      keyOf: this.#keyOf,
      withdraw: (id) => this.#withdraw(id, 'cancelled'),
      isHeldUp: async (lane) => (await this.#queue.list('waiting', 100, { lane })).some((job) => this.#heldLong(job)),
    });
  }

  /** Begins to watch for messages that expire; `stop` ends it. */
  watch(): void {
    const { signal } = this.#stopping;
    const expire = async ({ id }: Job<null>) => {
      await this.#withdraw(id as MessageId, 'expired');
      return { kind: 'done' } as const;
    };
    this.#watching ??= Promise.all([
      this.#expiries.process(expire, { concurrency: 1, signal, onError: this.#failed('expiring') }),
      this.bulks.run(signal, this.#failed('bulk')),
    ]);
  }

  async setConnected(connected: boolean): Promise<void> {
    if (connected) {
      await this.#refreshRestrictions();
      this.#running ??= this.#run();
    }
    await (connected ? this.#queue.resume() : this.#queue.pause());
  }

  /** It may have been lifted while nobody was there to hear of it. */
  async #refreshRestrictions(): Promise<void> {
    const active = await this.restrictions.active();
    const live = this.#deps.sessions.find(this.#session)?.live();
    if (!active || !live) return;
    const now = await live.askRestriction(active.kind).catch(() => null);
    if (now) await this.restrictions.note(now);
  }

  brake(ms: number): void {
    this.#dispatcher.brake(ms);
  }

  /** Throws `session_not_connected`. */
  showTyping(...shown: Parameters<Dispatcher['showTyping']>): Promise<void> {
    return this.#dispatcher.showTyping(...shown);
  }

  /** How many were marked. Throws `message_not_found`, `session_not_connected`. */
  async markRead(chat: Jid, ids: MessageId[] | null): Promise<number> {
    const { lastReceived } = await this.chats.get(chat);
    return await markRead(chat, ids ?? lastReceived, this.#session, this.#deps);
  }

  async limits(asked: { to: Jid | null; limit: number }): Promise<Limits> {
    const now = this.#now();
    const { quietHours } = await this.settings.get();
    const { chats, numbers, restrictions } = this;
    const { newcomers } = this.bulks;
    return await limitsOf(
      {
        ...{ queue: this.#queue, chats, numbers, newcomers, restrictions, now },
        connected: this.#deps.sessions.find(this.#session)?.live() !== null,
        pausedUntil: this.#dispatcher.pausedUntil(),
        quietUntil: quietHours && quietUntil(quietHours, now),
      },
      asked,
    );
  }

  /** What waited for another hour is looked at again. */
  async changeSettings(change: Partial<OutboxSettings>): Promise<OutboxSettings> {
    const changed = await this.settings.change(change);
    await this.#queue.hasten([QUIET]);
    return changed;
  }

  /** What waits for them fails at once, but for what may have gone already. */
  async optOut(contact: Jid, basis: string, at?: number): Promise<OptOut> {
    const noted = await this.optOuts.note(contact, basis, at);
    for (const { id, data } of await this.#queue.list('waiting', Number.MAX_SAFE_INTEGER, {
      lane: await this.#keyOf(contact),
    })) {
      if (await this.optOuts.forbids(contact, data.content)) await this.#withdraw(id as MessageId, 'opted_out');
    }
    return noted;
  }

  /** They may be answered now, whatever a message to them has waited for. */
  async noteReceived(chat: Jid, { text, ...message }: ReceivedMessage): Promise<void> {
    const { optOutKeywords } = await this.settings.get();
    const keyword = isGroup(chat) ? undefined : keywordIn(text, optOutKeywords ?? []);
    if (keyword !== undefined) await this.optOut(chat, `wrote "${keyword}"`);
    await this.chats.noteReceived(chat, { ...message, length: text.length });
    await this.#queue.hasten(FIRST_WORD_WAITS, await this.#keyOf(chat));
  }

  accept(message: AddressedMessage): Promise<SentMessage> {
    return this.#accepting.runExclusive(async () => {
      const id = reserveMessageId(this.#session, message.idempotencyKey);
      const known = await this.#repeated(id, message);
      if (known) return known;
      if (await this.optOuts.forbids(message.to, message.content)) throw new RuntimeError('opted_out');
      const job = await jobFor(id, message, {
        references: this.#references,
        humanize: this.#deps.settings.humanize,
        now: this.#now(),
      });
      await this.#refuseIfOverLimit(id, job);
      const { history } = await this.chats.get(job.to);
      const answers = job.isReply || inConversation(history, this.#now());
      const priority = PRIORITY[message.bulk ? 'bulk' : answers ? 'reply' : 'proactive'];
      const runAt = job.sendAt ?? this.#now();
      // Before the message itself: a crash between leaves a file that the next start removes.
      await message.file?.keep(id);
      if (job.expiresAt !== null) await this.#expiries.add(id, null, { runAt: job.expiresAt });
      await this.#queue.add(id, job, { lane: await this.#keyOf(job.to), priority, runAt });
      // After the message itself: a crash between leaves the limits a little too kind, never a message refused unsent.
      await this.chats.noteAccepted(job.to, job.contentHash, id, runAt);
      this.#deps.metrics.accepted.inc();
      return await this.statuses.get(id);
    });
  }

  /** Not while a message is being accepted: it would go into the line that is given up. */
  merge(kept: ContactId, merged: ContactId): Promise<void> {
    return this.#accepting.runExclusive(async () => {
      await this.chats.merge(kept, merged);
      await this.#queue.join(merged, kept);
    });
  }

  /** Whether a message has still to go. */
  async isWaiting(id: MessageId): Promise<boolean> {
    return (await this.statuses.find(id))?.status === 'pending';
  }

  /** Throws `message_not_found`, `message_already_sent`. */
  async cancel(id: MessageId): Promise<SentMessage> {
    const { status } = await this.statuses.get(id);
    if (status !== 'failed' && !(await this.#withdraw(id, 'cancelled'))) throw new RuntimeError('message_already_sent');
    return await this.statuses.get(id);
  }

  /** A crash after the status is told leaves the job: it is finished when its turn comes. */
  async #withdraw(id: MessageId, why: string): Promise<boolean> {
    if (!(await this.#dispatcher.withdraw(id, why))) return false;
    const job = await this.#queue.get(id);
    await this.#queue.bury(id, why);
    if (job) await this.chats.noteWithdrawn(job.data.to, id, job.runAt);
    await this.#deps.attachments.remove(this.#session, id);
    return true;
  }

  async receipt(ids: string[], status: 'delivered' | 'read'): Promise<void> {
    for (const id of ids) await this.statuses.advance(id as MessageId, status);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#watching;
    await this.#dispatcher.rest();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#queue.process((job, running) => this.#handle(job, running), {
      concurrency: 1,
      signal,
      onError: this.#failed('send'),
    });
  }

  async #handle(job: Job<OutboxJob>, stopping: AbortSignal): Promise<Outcome> {
    const outcome = await this.#dispatcher.handle(job, stopping);
    if (outcome.kind === 'hold' && this.#heldLong({ heldUntil: outcome.until }))
      this.bulks.heldUp(await this.#keyOf(job.data.to));
    const settled = outcome.kind !== 'hold';
    if (settled && isFile(job.data.content)) await this.#deps.attachments.remove(this.#session, job.id as MessageId);
    return outcome;
  }

  #heldLong({ heldUntil }: Pick<Job<unknown>, 'heldUntil'>): boolean {
    return (heldUntil ?? 0) > this.#now() + BULK_PATIENCE_MS;
  }

  #failed(what: string) {
    return (error: unknown, messageId: string) =>
      this.#deps.log.error({ err: error, sessionId: this.#session, messageId }, `${what} failed`);
  }

  /** The message that was accepted under the same Idempotency-Key, if one was. Throws `idempotency_conflict`. */
  async repeated(message: AddressedMessage): Promise<SentMessage | null> {
    return await this.#repeated(reserveMessageId(this.#session, message.idempotencyKey), message);
  }

  async #repeated(id: MessageId, message: AddressedMessage): Promise<SentMessage | null> {
    const known = await this.#queue.get(id);
    if (!known) return null;
    // A person has several addresses, and by which of them they are named makes no other message.
    const { to, fingerprint } = known.data;
    const isSamePerson = (await this.#keyOf(to)) === (await this.#keyOf(message.to));
    if (!isSamePerson || fingerprint !== fingerprintOf({ ...message, to }))
      throw new RuntimeError('idempotency_conflict');
    return await this.statuses.get(id);
  }

  async #refuseIfOverLimit(messageId: MessageId, job: OutboxJob): Promise<void> {
    const { to, contentHash: textHash, sendAt } = job;
    const { history } = await this.chats.get(to);
    const goesAt = sendAt ?? this.#now();
    const refused = refusal({
      message: { textHash, messageId },
      chat: history,
      day: await this.chats.dayOf(goesAt),
      now: goesAt,
    });
    if (refused) throw new RuntimeError(refused.code, { retryAfter: refused.retryAfter });
  }
}
