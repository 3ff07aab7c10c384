/** From what the client gives to the documented shapes of events. Pure. */
import { getContentType, normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Chat, Contact, MessageEvent, MessageUndecryptableEvent } from '../events.ts';
import { contactIdFor, isGroup, isLid, phoneOf, toJid, type Jid, type MessageId, type SessionId } from '../ids.ts';
import { groupChangeIn, type GroupChange } from './group-changes.ts';
import { readContent } from './reading.ts';

/** The account itself. */
export interface Self {
  addresses: Jid[];
  pushName: string | null;
}

/** Where something came from. */
export interface Origin {
  chat: Chat;
  from: Contact;
  fromMe: boolean;
  /** Every address this chat is known by: phone number and LID name the same chat. */
  chats: Jid[];
  /** Every address the author is known by. */
  authors: Jid[];
  /** The author's address on the wire, in a group. */
  participant: string | undefined;
}

/** A message as it came: for an answer to quote, to pass on, to fetch its file. */
export interface NewMessage {
  what: 'message';
  event: MessageEvent;
  key: proto.IMessageKey;
  raw: proto.IMessage;
}

/** What was done about an earlier message. */
export type Act =
  | { what: 'edited'; messageId: MessageId; text: string; content: proto.IMessage }
  | { what: 'deleted'; messageId: MessageId }
  | { what: 'reaction'; messageId: MessageId; emoji: string }
  | { what: 'vote'; messageId: MessageId; creator: proto.IMessageKey; vote: proto.Message.IPollEncValue };

export type Heard = { origin: Origin } & (
  | NewMessage
  | { what: 'undecryptable'; event: MessageUndecryptableEvent }
  | (Act & { id: MessageId; at: number })
  | (GroupChange & { id: MessageId; at: number })
);

/** Content that serves the protocol, not people. */
const HOUSEKEEPING = new Set(['senderKeyDistributionMessage', 'messageContextInfo', 'deviceSentMessage']);
/** Content that is never a message of its own, even when what it is about cannot be made out. */
const ACTS = new Set(['protocolMessage', 'reactionMessage', 'pollUpdateMessage']);
const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type;

/** Null for what is of no interest to people. */
export function normalise(session: SessionId, message: WAMessage, offline: boolean, self: Self | null): Heard | null {
  const origin = originOf(session, message, self);
  const id = message.key.id as MessageId | null | undefined;
  if (!origin || !id) return null;
  const sentAt = Number(message.messageTimestamp) * 1_000;
  if (message.messageStubType) return noticeIn(message, origin, id, sentAt);
  const content = normalizeMessageContent(message.message);
  const type = content && getContentType(content);
  if (!message.message || !content || !type || HOUSEKEEPING.has(type)) return null;
  const act = actIn(content);
  if (act) return { ...act, origin, id, at: sentAt };
  if (ACTS.has(type)) return null;
  const { chat, from, fromMe } = origin;
  const event: MessageEvent = { messageId: id, chat, from, fromMe, ...readContent(message.message), sentAt, offline };
  return { what: 'message', origin, event, key: message.key, raw: message.message };
}

/** What the client says about a message or a group, in place of a message. */
function noticeIn(message: WAMessage, origin: Origin, id: MessageId, at: number): Heard | null {
  const { chat, from } = origin;
  if (message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) {
    return { what: 'undecryptable', origin, event: { messageId: id, chat, from, sentAt: at } };
  }
  const changed = chat.isGroup ? groupChangeIn(message) : null;
  return changed && { ...changed, origin, id, at };
}

function actIn({ protocolMessage, reactionMessage, pollUpdateMessage }: proto.IMessage): Act | null {
  if (protocolMessage) return changeIn(protocolMessage);
  if (reactionMessage?.key?.id) {
    return { what: 'reaction', messageId: reactionMessage.key.id as MessageId, emoji: reactionMessage.text ?? '' };
  }
  const { pollCreationMessageKey: creator, vote } = pollUpdateMessage ?? {};
  return creator?.id && vote ? { what: 'vote', messageId: creator.id as MessageId, creator, vote } : null;
}

function changeIn({ key, type, editedMessage }: proto.Message.IProtocolMessage): Act | null {
  if (!key?.id) return null;
  const messageId = key.id as MessageId;
  if (type === REVOKE) return { what: 'deleted', messageId };
  return type === MESSAGE_EDIT && editedMessage
    ? { what: 'edited', messageId, text: readContent(editedMessage).text, content: editedMessage }
    : null;
}

function originOf(session: SessionId, { key, pushName }: WAMessage, self: Self | null): Origin | null {
  const jid = toJid(key.remoteJid);
  if (!jid) return null;
  const chat = chatOf(session, jid);
  const other = chat.isGroup ? null : toJid(key.remoteJidAlt);
  const chats = other ? [jid, other] : [jid];
  const fromMe = key.fromMe === true;
  const named = chat.isGroup ? [key.participant, key.participantAlt].map(toJid).filter((each) => each !== null) : chats;
  const authors = fromMe && self ? self.addresses : named;
  const name = fromMe && self ? self.pushName : (pushName ?? null);
  const from = contactOf(session, authors[0] ?? jid, authors, name);
  return { chat, from, fromMe, chats, authors, participant: key.participant ?? undefined };
}

function chatOf(session: SessionId, jid: Jid): Chat {
  const group = isGroup(jid);
  return { jid, isGroup: group, contactId: group ? null : contactIdFor(session, jid) };
}

function contactOf(session: SessionId, jid: Jid, known: Jid[], pushName: string | null): Contact {
  const lid = known.find(isLid) ?? null;
  const phone = known.map(phoneOf).find((number) => number !== null) ?? null;
  return { contactId: contactIdFor(session, lid ?? jid), phone, lid, jid, pushName };
}
