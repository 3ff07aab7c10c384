/**
 * What arrives: made plain, accepted once, published. A message counts as accepted only when its event is durable; until
 * then the session keeps it for a replay. What was replayed after being offline is as good as what came live.
 */
import type { WAMessage } from '@whiskeysockets/baileys';
import type { Contacts } from '../contacts/contacts.ts';
import type { ForwardContent, MessageRef } from '../content.ts';
import { toError } from '../errors.ts';
import type { Fact } from '../events.ts';
import type { Jid, MediaId, MessageId, SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { News, Session } from '../session/session.ts';
import type { Store } from '../store/store.ts';
import { MediaFiles, type MediaFile, type MediaSettings } from './media/media.ts';
import type { Self } from './normalise.ts';
import { SessionNews } from './news.ts';
import { SessionInbox } from './session-inbox.ts';

export type { MediaFile } from './media/media.ts';
export type { Self } from './normalise.ts';

export interface InboxDeps {
  store: Store;
  /** Makes an event durable; the same fact again is recognised. */
  publish(session: SessionId, fact: Fact): Promise<unknown>;
  /** Told of each new message of somebody else, once it is durable. */
  onReceived(
    session: SessionId,
    chats: Jid[],
    message: { messageId: string; participant?: string; text: string },
  ): Promise<void>;
  /** The account itself, for what its owner writes on the phone; null before it is known. */
  self(session: SessionId): Self | null;
  /** A message the session sent, as it went over the wire. */
  sent(session: SessionId, messageId: string): Promise<Uint8Array | undefined>;
  contacts: Contacts;
  sessionOf(session: SessionId): Session | undefined;
  /** Of the files that come with messages. */
  media: MediaSettings;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
}

export interface Inbox {
  /** Takes what a session heard, in order; `settle` is called for each message that needs no replay any more. */
  take(session: SessionId, messages: WAMessage[], offline: boolean, settle: (id: string) => Promise<void>): void;
  /** Takes what a session heard besides messages; resolves when it is durable, or waits for more of its kind. */
  hear(session: SessionId, news: News): Promise<void>;
  /** A message of this chat accepted before, for an answer to quote; undefined when it is not known. */
  find(session: SessionId, chat: Jid, id: MessageId): Promise<MessageRef | undefined>;
  /**
   * The file that came with a message, fetched when it is not here. Throws `media_not_found`, `media_gone`, `media_corrupt`,
   * `media_unavailable`, `session_not_linked`.
   */
  openMedia(session: SessionId, id: MediaId): Promise<MediaFile>;
  /** Removes files that have had their time, until the signal aborts; resolves when nothing is being fetched any more. */
  run(sessions: () => { id: SessionId }[], signal: AbortSignal): Promise<void>;
  /**
   * A message of this chat, or with no chat one this session sent, ready to be passed on. Throws `message_not_found`,
   * `not_forwardable`.
   */
  forwardable(session: SessionId, chat: Jid | null, id: MessageId): Promise<ForwardContent>;
  /** Resolves when all that was taken has been handled. */
  idle(session: SessionId): Promise<void>;
  /** As `idle`, for a session that is being removed: what is being fetched for it ends. */
  release(session: SessionId): Promise<void>;
}

export function createInbox(deps: InboxDeps): Inbox {
  const open = new Map<SessionId, SessionInbox>();
  const news = new Map<SessionId, SessionNews>();
  const media = new MediaFiles({ settings: deps.media, log: deps.log, now: deps.now ?? Date.now });
  const of = (session: SessionId): SessionInbox => {
    const inbox = open.get(session) ?? new SessionInbox(session, deps, media);
    open.set(session, inbox);
    return inbox;
  };
  const newsOf = (session: SessionId): SessionNews => {
    const ofSession = news.get(session) ?? new SessionNews(session, deps);
    news.set(session, ofSession);
    return ofSession;
  };
  const idle = async (session: SessionId) => {
    await open.get(session)?.idle();
    open.delete(session);
    news.get(session)?.end();
    news.delete(session);
  };
  return {
    take(session, messages, offline, settle) {
      for (const message of messages) {
        const id = message.key.id ?? '';
        const done = of(session)
          .take(message, offline)
          .then(() => settle(id));
        // Unsettled, it is handled again at the next start of the session.
        done.catch((thrown: unknown) =>
          deps.log.error(
            { err: toError(thrown), sessionId: session, messageId: id },
            'a received message is kept for later',
          ),
        );
      }
    },
    hear: (session, heard) => newsOf(session).hear(heard),
    find: (session, chat, id) => of(session).find(chat, id),
    forwardable: (session, chat, id) => of(session).forwardable(chat, id),
    openMedia: (session, id) => of(session).openMedia(id),
    run: (sessions, signal) => media.run(sessions, signal),
    idle,
    release: async (session) => {
      await media.release(session);
      await idle(session);
    },
  };
}
