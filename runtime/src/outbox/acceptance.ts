/** How a message comes into a session's outbox: recognised when it was asked for before, judged, and written down. */
import { Mutex } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import { reserveMessageId, type Jid, type MessageId, type SessionId } from '../ids.ts';
import type { Metrics } from '../metrics.ts';
import { refusal } from '../pacing/pacing.ts';
import type { Queue } from '../store/store.ts';
import type { Chats } from './chats.ts';
import { inConversation } from './first-contact.ts';
import { fingerprintOf, jobFor, type AddressedMessage, type OutboxJob } from './job.ts';
import type { OptOuts } from './opt-outs.ts';
import type { Priority, SentMessage } from './outbox.ts';
import type { References } from './references.ts';
import type { Statuses } from './status.ts';

const PRIORITY = { high: 0, normal: 10, low: 20 } as const satisfies Record<Priority, number>;

interface AcceptanceDeps {
  queue: Queue<OutboxJob>;
  expiries: Queue<null>;
  chats: Chats;
  statuses: Statuses;
  references: References;
  optOuts: OptOuts;
  /** What the messages to one person are kept in order under. */
  keyOf(chat: Jid): Promise<string>;
  humanize: boolean;
  metrics: Metrics;
  now: () => number;
}

export class Acceptance {
  readonly #session: SessionId;
  readonly #deps: AcceptanceDeps;
  readonly #inTurn = new Mutex();
  /** Resolves when the message added last survives a power cut, and with it all before it. */
  #saved: Promise<unknown> = Promise.resolve();

  constructor(session: SessionId, deps: AcceptanceDeps) {
    this.#session = session;
    this.#deps = deps;
  }

  /** Each has its turn and waits for the disk after it, so that those who ask at once share one wait. */
  async accept(message: AddressedMessage): Promise<SentMessage> {
    const id = reserveMessageId(this.#session, message.idempotencyKey);
    const saved = await this.#inTurn.runExclusive(async () => {
      if (!(await this.#find(id, message))) await this.#add(id, message);
      return this.#saved;
    });
    await saved;
    return await this.#deps.statuses.get(id);
  }

  /** Does something while no message is being accepted. */
  meanwhile(work: () => Promise<void>): Promise<void> {
    return this.#inTurn.runExclusive(work);
  }

  /** The message that was accepted under the same Idempotency-Key, if one was. Throws `idempotency_conflict`. */
  async repeated(message: AddressedMessage): Promise<SentMessage | null> {
    const id = reserveMessageId(this.#session, message.idempotencyKey);
    return (await this.#find(id, message)) ? await this.#deps.statuses.get(id) : null;
  }

  async #find(id: MessageId, message: AddressedMessage): Promise<boolean> {
    // Without a key its id was made just now.
    if (message.idempotencyKey === undefined) return false;
    const known = await this.#deps.queue.get(id);
    if (!known) return false;
    // A person has several addresses, and by which of them they are named makes no other message.
    const { to, fingerprint } = known.data;
    const isSamePerson = (await this.#deps.keyOf(to)) === (await this.#deps.keyOf(message.to));
    if (!isSamePerson || fingerprint !== fingerprintOf({ ...message, to }))
      throw new RuntimeError('idempotency_conflict');
    return true;
  }

  async #add(id: MessageId, message: AddressedMessage): Promise<void> {
    const { chats, queue, expiries, references, humanize, metrics, now } = this.#deps;
    if (await this.#deps.optOuts.forbids(message.to, message.content)) throw new RuntimeError('opted_out');
    const job = await jobFor(id, message, { references, humanize, now: now() });
    const { history } = await chats.get(job.to);
    const runAt = job.sendAt ?? now();
    const refused = refusal({
      message: { textHash: job.contentHash, messageId: id },
      chat: history,
      day: await chats.dayOf(runAt),
      now: runAt,
    });
    if (refused) throw new RuntimeError(refused.code, { retryAfter: refused.retryAfter });
    const answers = job.isReply || inConversation(history, now());
    // Replies go before messages nobody waits for.
    const priority = PRIORITY[message.priority ?? (message.bulk ? 'low' : answers ? 'high' : 'normal')];
    const lane = await this.#deps.keyOf(job.to);
    // Before the message itself: a crash between leaves a file that the next start removes.
    await message.file?.keep(id);
    if (job.expiresAt !== null) await expiries.add(id, null, { runAt: job.expiresAt });
    this.#saved = queue.add(id, job, { lane, priority, runAt });
    // Told to whoever waits for it.
    this.#saved.catch(() => undefined);
    // After the message itself: a crash between leaves the limits a little too kind, never a message refused unsent.
    await chats.noteAccepted(job.to, job.contentHash, id, runAt);
    metrics.accepted.inc();
  }
}
