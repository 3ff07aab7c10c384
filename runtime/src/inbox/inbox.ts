/**
 * What arrives: made plain, accepted once, published. A message counts as accepted only when its event is durable; until
 * then the session keeps it for a replay. What was replayed after being offline is as good as what came live.
 */
import type { WAMessage } from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import { toError } from '../errors.ts';
import type { Fact } from '../events.ts';
import type { Jid, MessageId, SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';
import { normalise, type Plain } from './normalise.ts';

/** What is kept of an accepted message, to recognise it again and to quote it. */
interface Accepted {
  text: string;
  fromMe: boolean;
  participant?: string;
}

/** WhatsApp replays for days at the most; a quote of an older message is refused. */
const REMEMBER_MS = 14 * 24 * 3_600_000;

export interface InboxDeps {
  store: Store;
  /** Makes an event durable; the same fact again is recognised. */
  publish(session: SessionId, fact: Fact): Promise<unknown>;
  /** Told of each new message of somebody else, once it is durable. */
  onReceived(
    session: SessionId,
    chats: Jid[],
    message: { messageId: string; participant?: string; length: number },
  ): Promise<void>;
  metrics: Metrics;
  log: Logger;
}

export interface Inbox {
  /** Takes what a session heard, in order; `settle` is called for each message that needs no replay any more. */
  take(session: SessionId, messages: WAMessage[], offline: boolean, settle: (id: string) => Promise<void>): void;
  /** A message of this chat accepted before, for an answer to quote; undefined when it is not known. */
  find(session: SessionId, chat: Jid, id: MessageId): Promise<(Accepted & { messageId: string }) | undefined>;
  /** Resolves when all that was taken has been handled. */
  idle(session: SessionId): Promise<void>;
}

export function createInbox(deps: InboxDeps): Inbox {
  const turns = new Map<SessionId, Mutex>();
  const turnOf = (session: SessionId) => {
    const turn = turns.get(session) ?? new Mutex();
    turns.set(session, turn);
    return turn;
  };
  const rowsOf = (session: SessionId) => deps.store.session(session).keyValue('inbox');

  async function accept(session: SessionId, { event, chats, participant }: Plain): Promise<void> {
    const rows = rowsOf(session);
    const key = `${event.chat.jid}|${event.messageId}|${event.kind}`;
    if (await rows.has(key)) return deps.metrics.repeated.inc();
    await deps.publish(session, { event: 'message', fact: `message:${key}`, data: event });
    const { messageId, text, fromMe } = event;
    if (!fromMe)
      await deps.onReceived(session, chats, { messageId, length: text.length, ...(participant && { participant }) });
    const accepted: Accepted = { text, fromMe, ...(participant && { participant }) };
    const quotable = chats.map((chat) => ({ key: `${chat}|${messageId}`, value: accepted, ttl: REMEMBER_MS }));
    await rows.setMany([...quotable, { key, value: accepted, ttl: REMEMBER_MS }]);
  }

  async function handle(session: SessionId, message: WAMessage, offline: boolean): Promise<void> {
    deps.metrics.received.inc();
    const plain = normalise(session, message, offline);
    if (plain === 'undecryptable') return deps.metrics.undecryptable.inc();
    if (plain !== 'nothing') await accept(session, plain);
  }

  return {
    take(session, messages, offline, settle) {
      for (const message of messages) {
        const id = message.key.id ?? '';
        const done = turnOf(session).runExclusive(async () => {
          await handle(session, message, offline);
          await settle(id);
        });
        // Unsettled, it is handled again at the next start of the session.
        done.catch((thrown: unknown) =>
          deps.log.error(
            { err: toError(thrown), sessionId: session, messageId: id },
            'a received message is kept for later',
          ),
        );
      }
    },
    async find(session, chat, id) {
      const accepted = await rowsOf(session).get<Accepted>(`${chat}|${id}`);
      return accepted && { messageId: id, ...accepted };
    },
    idle: async (session) => await turnOf(session).waitForUnlock(),
  };
}
