/** One session's inbox: takes what it heard one after the other, each once. */
import { proto, type WAMessage } from '@whiskeysockets/baileys';
import { Mutex } from 'async-mutex';
import type { ForwardContent, MessageRef } from '../content.ts';
import type { Fact } from '../events.ts';
import { RuntimeError } from '../errors.ts';
import {
  isGroup,
  mediaIdFor,
  parseRecipient,
  toJid,
  type Jid,
  type MediaId,
  type MessageId,
  type SessionId,
} from '../ids.ts';
import type { Session } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';
import { forwarded } from './forwarding.ts';
import { identified } from './identifying.ts';
import type { InboxDeps } from './inbox.ts';
import { KeptMessages } from './kept-messages.ts';
import { moved, remoteFile, type MediaFile, type MediaFiles } from './media/media.ts';
import { normalise, type Act, type Heard, type NewMessage, type Origin } from './normalise.ts';
import { Polls } from './polls.ts';
import { quotable } from './quotable.ts';
import { readContent } from './reading.ts';

/** What is kept of an accepted message, to refer to it. */
interface Accepted {
  /** All of it is kept under this. */
  mediaId: MediaId;
  text: string;
  fromMe: boolean;
  participant?: string;
}

type AboutMessage = Heard & Act;

/** WhatsApp replays for days at the most; a quote of an older message is refused. */
const REMEMBER_MS = 14 * 24 * 3_600_000;
const PHONE_OUT_OF_REACH =
  "WhatsApp has forgotten it, and without a connection the account's phone cannot be asked for it";

export class SessionInbox {
  readonly #session: SessionId;
  readonly #deps: InboxDeps;
  readonly #rows: KeyValue;
  readonly #polls: Polls;
  readonly #kept: KeptMessages;
  readonly #media: MediaFiles;
  readonly #turn = new Mutex();

  constructor(session: SessionId, deps: InboxDeps, media: MediaFiles) {
    this.#session = session;
    this.#deps = deps;
    this.#media = media;
    this.#rows = deps.store.session(session).keyValue('inbox', 'crash');
    this.#kept = new KeptMessages(deps.store.session(session).keyValue('kept', 'crash'), () => deps.sessionOf(session));
    this.#polls = new Polls(this.#rows, (id) => deps.sent(session, id));
  }

  /** Resolves when what the message tells is durable; what was taken before comes first. */
  take(message: WAMessage, offline: boolean): Promise<void> {
    return this.#turn.runExclusive(() => this.#handle(message, offline));
  }

  async find(chat: Jid, id: MessageId): Promise<MessageRef | undefined> {
    const accepted = await this.#accepted(chat, id);
    if (!accepted) return undefined;
    const { text, fromMe, participant } = accepted;
    const kept = await this.#kept.find(accepted.mediaId);
    const message = kept && quotable(kept.message);
    return { messageId: id, text, fromMe, ...(participant && { participant }), ...(message && { message }) };
  }

  /** Throws `message_not_found`, `not_forwardable`. */
  async forwardable(chat: Jid | null, of: MessageId): Promise<ForwardContent> {
    const message = chat === null ? await this.#sent(of) : await this.#received(chat, of);
    if (!message) throw new RuntimeError('message_not_found');
    const passedOn = forwarded(message);
    if (!passedOn) throw new RuntimeError('not_forwardable');
    const bytes = Buffer.from(proto.Message.encode(passedOn).finish());
    const { text, poll } = readContent(passedOn);
    return { kind: 'forward', of, chat, message: bytes.toString('base64'), text, poll: poll !== null };
  }

  async #sent(id: MessageId): Promise<proto.IMessage | null> {
    const bytes = await this.#deps.sent(this.#session, id);
    return bytes ? proto.Message.decode(bytes) : null;
  }

  async #received(chat: Jid, id: MessageId): Promise<proto.IMessage | null> {
    const accepted = await this.#accepted(chat, id);
    const kept = accepted && (await this.#kept.find(accepted.mediaId));
    return kept?.message ?? null;
  }

  /** By whichever address of whom the chat is with it came. */
  async #accepted(chat: Jid, id: MessageId): Promise<Accepted | undefined> {
    const contact = isGroup(chat) ? undefined : await this.#deps.contacts.find(this.#session, chat);
    const addresses = [chat, contact?.lid, contact?.phone && parseRecipient(contact.phone)];
    const rows = addresses.filter((each) => each).map((address) => `${address}|${id}`);
    return (await this.#rows.getMany<Accepted>(rows)).find((row) => row !== undefined);
  }

  /** Throws `media_not_found`, and what `MediaFiles.open` does. */
  async openMedia(id: MediaId): Promise<MediaFile> {
    const session = this.#deps.sessionOf(this.#session);
    const message = await this.#kept.find(id);
    const file = message ? remoteFile(message.message) : null;
    if (!session || !message || !file) throw new RuntimeError('media_not_found');
    return await this.#media.open(session, id, file, async () => {
      const directPath = await this.#uploadedAgain(session, message.key, file.mediaKey);
      // The next who asks, when the file had its time here, need not ask the phone.
      await this.#kept.keep(id, { key: message.key, message: moved(message.message, directPath) }, REMEMBER_MS);
      return { ...file, directPath };
    });
  }

  /** Throws `media_gone`, `media_unavailable`, `phone_silent`. */
  async #uploadedAgain(session: Session, key: proto.IMessageKey, mediaKey: Uint8Array): Promise<string> {
    const live = session.live();
    if (!live) throw new RuntimeError('media_unavailable', { details: [PHONE_OUT_OF_REACH] });
    const directPath = await live.requestFile({ key, mediaKey }, this.#deps.media.timeoutMs);
    if (directPath === null) throw new RuntimeError('media_gone');
    return directPath;
  }

  /** Resolves when all that was taken has been handled. */
  idle(): Promise<void> {
    return this.#turn.waitForUnlock();
  }

  async #handle(message: WAMessage, offline: boolean): Promise<void> {
    const { metrics, self } = this.#deps;
    metrics.received.inc();
    const plain = normalise(this.#session, message, offline, self(this.#session));
    const heard = plain && (await identified(plain, this.#session, this.#deps));
    metrics.handled.inc({ as: heard ? await this.#tell(heard) : 'nothing' });
  }

  /** Says as what it is to be counted. */
  async #tell(heard: Heard): Promise<'new' | 'repeated' | 'undecryptable'> {
    if (heard.what === 'message') return (await this.#accept(heard.origin, heard)) ? 'new' : 'repeated';
    if (heard.what === 'group') {
      await this.#tellOfGroup(heard);
      return 'new';
    }
    if (heard.what !== 'undecryptable') return (await this.#acceptAct(heard)) ? 'new' : 'repeated';
    const { chat, messageId } = heard.event;
    // One that was read and comes again after its key is gone.
    if ((await this.#accepted(chat.jid, messageId)) || (await this.#rows.has(`act|${chat.jid}|${messageId}`)))
      return 'repeated';
    const fact = `undecryptable:${chat.jid}|${messageId}`;
    await this.#deps.publish(this.#session, { event: 'message.undecryptable', fact, data: heard.event });
    return 'undecryptable';
  }

  /** Under the id of WhatsApp's notice: one that comes again is the same event. */
  async #tellOfGroup({ origin, id, change, members, value, at }: Heard & { what: 'group' }): Promise<void> {
    const known = members.filter((addresses) => addresses.length > 0);
    const people = await Promise.all(known.map((each) => this.#deps.contacts.note(this.#session, each, null)));
    const { chat, from } = origin;
    const data = { chat, from, change, members: people, value, at };
    await this.#deps.publish(this.#session, { event: 'group.update', fact: `group:${chat.jid}|${id}`, data });
  }

  /** False when it had been accepted before. */
  async #accept({ chats, participant }: Origin, { event, key: wireKey, raw }: NewMessage): Promise<boolean> {
    const key = `${event.chat.jid}|${event.messageId}|${event.kind}`;
    if (await this.#rows.has(key)) return false;
    const { messageId, text, fromMe, poll, kind } = event;
    const mediaId = mediaIdFor(this.#session, event.chat.jid, messageId, kind);
    const accepted: Accepted = { mediaId, text, fromMe, ...(participant && { participant }) };
    const quotable = chats.map((chat) => ({ key: `${chat}|${messageId}`, value: accepted, ttl: REMEMBER_MS }));
    // Before the event, so that whoever hears of it can refer to it at once; a crash between repeats both.
    await this.#rows.setMany(quotable);
    if (poll) await this.#polls.note(messageId, raw);
    const kept = await this.#kept.keep(mediaId, { key: wireKey, message: raw }, REMEMBER_MS);
    const url = kept && remoteFile(raw) ? `/media/${this.#session}/${mediaId}` : null;
    const data = { ...event, media: event.media && { ...event.media, url } };
    const received = { messageId, text, ...(participant && { participant }) };
    // Before the event too: whoever answers at once does not answer a stranger.
    if (!fromMe) await this.#deps.onReceived(this.#session, chats, received);
    await this.#deps.publish(this.#session, { event: 'message', fact: `message:${key}`, data });
    await this.#rows.set(key, true, REMEMBER_MS);
    return true;
  }

  /** False when it had been accepted before. */
  async #acceptAct(heard: AboutMessage): Promise<boolean> {
    const key = `act|${heard.origin.chat.jid}|${heard.id}`;
    if (await this.#rows.has(key)) return false;
    const fact = await this.#factOf(heard);
    if (heard.what === 'edited') await this.#keepEdited(heard.origin, heard);
    if (fact) await this.#deps.publish(this.#session, fact);
    else this.#deps.log.info({ sessionId: this.#session, messageId: heard.id }, 'a vote in a poll that is not known');
    await this.#rows.set(key, true, REMEMBER_MS);
    return true;
  }

  /** Who passes on a text later passes on what it says then. */
  async #keepEdited(origin: Origin, { messageId, content }: Act & { what: 'edited' }): Promise<void> {
    const accepted = await this.#rows.get<Accepted>(`${origin.chat.jid}|${messageId}`);
    const kept = accepted && (await this.#kept.find(accepted.mediaId));
    if (!kept || !isAuthor(origin, kept.key)) return;
    if (readContent(kept.message).kind !== 'text' || readContent(content).kind !== 'text') return;
    await this.#kept.keep(accepted.mediaId, { key: kept.key, message: content }, REMEMBER_MS);
  }

  /** The event that reports an act; null for a vote that cannot be read. */
  async #factOf(heard: AboutMessage): Promise<Fact | null> {
    const { origin, messageId, at, id } = heard;
    const { chat, from, fromMe } = origin;
    const data = { messageId, chat, from, fromMe, at };
    const fact = `${heard.what}:${chat.jid}|${id}`;
    switch (heard.what) {
      case 'edited':
        return { event: 'message.edited', fact, data: { ...data, text: heard.text } };
      case 'deleted':
        return { event: 'message.deleted', fact, data };
      case 'reaction':
        return { event: 'message.reaction', fact, data: { ...data, emoji: heard.emoji } };
      case 'vote': {
        const tally = await this.#count(heard);
        return tally && { event: 'poll.vote', fact, data: { ...data, ...tally } };
      }
      default:
        return heard satisfies never;
    }
  }

  async #count({ messageId: pollId, origin, creator, vote }: AboutMessage & { what: 'vote' }) {
    const { encPayload, encIv } = vote;
    if (!encPayload || !encIv) return null;
    const own = this.#deps.self(this.#session)?.addresses ?? [];
    const named = toJid(creator.participant);
    // Whose poll it is, seen from the voter: somebody's who is named, ours, or their own.
    const creators = [...(named ? [named] : []), ...own, ...origin.authors, ...origin.chats];
    const { contactId } = origin.from;
    return await this.#polls.count({
      ...{ pollId, creators, voters: origin.authors, contactId },
      encrypted: { encPayload, encIv },
    });
  }
}

/** Whether who did something to a message is who wrote it. */
function isAuthor({ fromMe, chat, authors }: Origin, { fromMe: wasMe, participant }: proto.IMessageKey): boolean {
  const author = toJid(participant);
  return fromMe === (wasMe === true) && (fromMe || !chat.isGroup || (author !== null && authors.includes(author)));
}
