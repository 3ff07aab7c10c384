/** From what the client gives to the one documented shape of a message. Pure. */
import { getContentType, normalizeMessageContent, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { Contact, MessageEvent } from '../events.ts';
import { contactIdFor, isGroup, isLid, phoneOf, toJid, type Jid, type MessageId, type SessionId } from '../ids.ts';

/** A message for the outside world, and what the rooms need of it besides. */
export interface Plain {
  event: MessageEvent;
  /** Every address this chat is known by: phone number and LID name the same chat. */
  chats: Jid[];
  /** The author's address on the wire, in a group. */
  participant: string | undefined;
}

/** Content that serves the protocol, not people. */
const HOUSEKEEPING = new Set(['protocolMessage', 'senderKeyDistributionMessage', 'messageContextInfo']);

export function normalise(
  session: SessionId,
  message: WAMessage,
  offline: boolean,
): Plain | 'nothing' | 'undecryptable' {
  if (message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT) return 'undecryptable';
  const { key } = message;
  const content = contentFor(message);
  const chat = toJid(key.remoteJid);
  if (!content || !chat || !key.id) return 'nothing';
  const other = isGroup(chat) ? null : toJid(key.remoteJidAlt);
  const event: MessageEvent = {
    messageId: key.id as MessageId,
    chat: { jid: chat, isGroup: isGroup(chat) },
    from: authorOf(session, message, chat, other),
    fromMe: key.fromMe === true,
    kind: content.conversation || content.extendedTextMessage ? 'text' : 'unsupported',
    text: textOf(content),
    quotedMessageId: quotedIn(content),
    sentAt: Number(message.messageTimestamp) * 1_000,
    offline,
  };
  return { event, chats: other ? [chat, other] : [chat], participant: key.participant ?? undefined };
}

const quotedIn = ({ extendedTextMessage }: proto.IMessage): MessageId | null =>
  (extendedTextMessage?.contextInfo?.stanzaId ?? null) as MessageId | null;

/** The content, unless it serves the protocol only. */
function contentFor({ message }: WAMessage): proto.IMessage | undefined {
  const content = normalizeMessageContent(message);
  const type = content && getContentType(content);
  return type && !HOUSEKEEPING.has(type) ? content : undefined;
}

/** The text, wherever the content carries it. */
const textOf = (content: proto.IMessage): string =>
  content.conversation ??
  content.extendedTextMessage?.text ??
  content.imageMessage?.caption ??
  content.videoMessage?.caption ??
  content.documentMessage?.caption ??
  '';

function authorOf(session: SessionId, { key, pushName }: WAMessage, chat: Jid, other: Jid | null): Contact {
  const author = isGroup(chat) ? toJid(key.participant) : chat;
  const alias = isGroup(chat) ? toJid(key.participantAlt) : other;
  const known = [author, alias].filter((jid) => jid !== null);
  const lid = known.find(isLid) ?? null;
  const phone = known.map(phoneOf).find((number) => number !== null) ?? null;
  const jid = author ?? chat;
  return { contactId: contactIdFor(session, lid ?? jid), phone, lid, jid, pushName: pushName ?? null };
}
