/** One session's outbox: accepts messages into its queue and lets the dispatcher send them, one typist at a time. */
import { isFile } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { isGroup, type ContactId, type Jid, type MessageId, type SessionId } from '../ids.ts';
import { quietUntil } from '../pacing/pacing.ts';
import type { SentMessages } from '../session/session.ts';
import type { Job, Outcome, Queue } from '../store/store.ts';
import { Acceptance } from './acceptance.ts';
import { addresseeOf, addressOf, chatKeyOf } from './addressee.ts';
import { Bulks } from './bulk.ts';
import { Chats } from './chats.ts';
import { Dispatcher } from './dispatcher.ts';
import type { OutboxDeps, ReceivedMessage, SentMessage, SessionBacklog } from './outbox.ts';
import { FIRST_WORD_WAITS, QUIET, RESTRICTED } from './first-contact.ts';
import { limitsOf, waitCode, type Limits } from './limits.ts';
import type { OutboxJob, AddressedMessage } from './job.ts';
import { markRead } from './mark-read.ts';
import { Numbers } from './numbers.ts';
import { keywordIn, OptOuts, type OptOut } from './opt-outs.ts';
import { Restrictions } from './restrictions.ts';
import { References } from './references.ts';
import { sentMessages } from './sent-messages.ts';
import { SessionSettings, type OutboxSettings } from './session-settings.ts';
import { Statuses } from './status.ts';

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
  readonly #acceptance: Acceptance;
  /** Wakes at the times messages expire, connected or not. A crash between the two leaves one without its message. */
  readonly #expiries: Queue<null>;
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
    const references = new References(received, this.#queue, this.sent);
    const contactOf = addresseeOf(deps.contacts, session);
    this.statuses = new Statuses(session, followed('messages'), this.#queue, publish, contactOf, this.#now);
    this.numbers = new Numbers(database.keyValue('numbers'), deps.settings.numberChecksPerHour, this.#now);
    const onLifted = () => this.#queue.hasten([RESTRICTED]);
    this.restrictions = new Restrictions(database.keyValue('restriction'), publish, onLifted, this.#now);
    this.optOuts = new OptOuts(database.keyValue('opt-outs'), contactOf, this.#now);
    this.#acceptance = new Acceptance(session, {
      ...{ queue: this.#queue, expiries: this.#expiries, chats: this.chats, statuses: this.statuses, references },
      ...{ optOuts: this.optOuts, keyOf: this.#keyOf, metrics: deps.metrics, now: this.#now },
      humanize: deps.settings.humanize,
    });
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
    return this.#acceptance.accept(message);
  }

  /** Not while a message is being accepted: it would go into the line that is given up. */
  merge(kept: ContactId, merged: ContactId): Promise<void> {
    return this.#acceptance.meanwhile(async () => {
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

  async backlog(): Promise<SessionBacklog> {
    const connected = (this.#deps.sessions.find(this.#session)?.live() ?? null) !== null;
    return {
      ...(await this.#queue.backlog()),
      ...{ connected, restricted: (await this.restrictions.active()) !== null },
    };
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
    if (outcome.kind === 'hold') this.#deps.metrics.waits.inc({ reason: waitCode(outcome.reason) });
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
  repeated(message: AddressedMessage): Promise<SentMessage | null> {
    return this.#acceptance.repeated(message);
  }
}
