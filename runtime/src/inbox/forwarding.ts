/** What becomes of a message when it is passed on to another chat. Pure but for the secret of a poll. */
import { randomBytes } from 'node:crypto';
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';

/**
 * What phones pass on. Not what may be seen once and not a place that moves; what acts on another message (a reaction, a vote)
 * makes no sense elsewhere.
 */
const FORWARDABLE = [
  ...(['extendedTextMessage', 'imageMessage', 'videoMessage', 'ptvMessage', 'audioMessage'] as const),
  ...(['documentMessage', 'stickerMessage', 'locationMessage', 'contactMessage', 'contactsArrayMessage'] as const),
  ...(['pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3', 'pollCreationMessageV5'] as const),
];
const SECRET_BYTES = 32;

/** The part of any content that says where it comes from. */
interface Passed {
  contextInfo?: proto.IContextInfo | null;
  viewOnce?: boolean | null;
}

/** The message to send, flagged as forwarded; null for one that is not passed on. */
export function forwarded(message: proto.IMessage): proto.IMessage | null {
  const isOnce = [message.viewOnceMessage, message.viewOnceMessageV2, message.viewOnceMessageV2Extension].some(Boolean);
  const content = normalizeMessageContent(message) ?? {};
  const { conversation } = content;
  const parts: proto.IMessage = conversation ? { extendedTextMessage: { text: conversation } } : content;
  const type = FORWARDABLE.find((each) => parts[each]);
  const part = type && (parts[type] as Passed);
  if (!part || isOnce || part.viewOnce) return null;
  const forwardingScore = (part.contextInfo?.forwardingScore ?? 0) + 1;
  return {
    // What answered, who was named and which advertisement led here belong to the chat it was in.
    [type]: { ...part, contextInfo: { isForwarded: true, forwardingScore } },
    // A poll is a new one, with votes of its own.
    messageContextInfo: { messageSecret: randomBytes(SECRET_BYTES) },
  };
}
