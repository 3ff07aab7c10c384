/** What a person sees of a decrypted message: its kind, its words, and what it says of itself. */
import { normalizeMessageContent, proto } from '@whiskeysockets/baileys';

export const MESSAGE_KINDS = [
  'text',
  'image',
  'video',
  'gif',
  'video note',
  'audio',
  'voice',
  'document',
  'sticker',
  'location',
  'live location',
  'contacts',
  'poll',
  'event',
  'product',
  'album',
  'group invitation',
  'button reply',
  'list reply',
  'number request',
  'reaction',
  'vote',
  'edit',
  'deletion',
  'pin',
  'number',
  'sharing limit',
  'disappearing',
  'other',
] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** The message another one answers, as it shows above it. */
export interface Quoted {
  readonly messageId: string;
  /** The JID of its author. */
  readonly author: string;
  readonly text: string;
}

/** The advertisement a chat began with. */
export interface Ad {
  readonly title: string;
  readonly body: string;
  readonly sourceUrl: string;
  /** The click's id, by which the advertiser knows it again. */
  readonly clickId: string;
}

export interface Appearance {
  readonly kind: MessageKind;
  /** The text, or a caption; empty for a message without words. */
  readonly text: string;
  readonly quoted: Quoted | null;
  readonly forwarded: boolean;
  readonly viewOnce: boolean;
  readonly ad: Ad | null;
  /** Seconds after which the message disappears; 0 when it stays. */
  readonly disappearsAfter: number;
}

export function appearanceOf(content: proto.IMessage): Appearance {
  const message = normalizeMessageContent(content) ?? {};
  const context = contextOf(message);
  return {
    kind: kindOf(message),
    text: wordsOf(message),
    quoted: quotedIn(context),
    forwarded: context?.isForwarded ?? false,
    viewOnce: isViewOnce(content, message),
    ad: adIn(context),
    disappearsAfter: context?.expiration ?? 0,
  };
}

/** What a message says beside its content: whom it mentions, what it answers, where it came from. */
export function contextOf(message: proto.IMessage): proto.IContextInfo | undefined {
  for (const part of Object.values(message) as ({ contextInfo?: proto.IContextInfo | null } | null | undefined)[]) {
    if (part?.contextInfo) return part.contextInfo;
  }
  return undefined;
}

export function wordsOf(content: proto.IMessage): string {
  const message = normalizeMessageContent(content);
  if (!message) return '';
  const { imageMessage, videoMessage, documentMessage, groupInviteMessage } = message;
  const captioned = imageMessage ?? videoMessage ?? documentMessage ?? groupInviteMessage;
  const words = [message.conversation, message.extendedTextMessage?.text, captioned?.caption, ...titlesOf(message)];
  return words.find((each) => each) ?? '';
}

/** What stands in the place of a text on messages that are made of fields. */
const titlesOf = (message: proto.IMessage): (string | null | undefined)[] => [
  message.eventMessage?.name,
  message.productMessage?.product?.title,
  message.buttonsResponseMessage?.selectedDisplayText,
  message.templateButtonReplyMessage?.selectedDisplayText,
  message.listResponseMessage?.title,
];

const KINDS: readonly [MessageKind, ...(keyof proto.IMessage)[]][] = [
  ['text', 'conversation', 'extendedTextMessage'],
  ['image', 'imageMessage'],
  ['video note', 'ptvMessage'],
  ['document', 'documentMessage'],
  ['sticker', 'stickerMessage'],
  ['location', 'locationMessage'],
  ['live location', 'liveLocationMessage'],
  ['contacts', 'contactMessage', 'contactsArrayMessage'],
  ['poll', 'pollCreationMessage', 'pollCreationMessageV2', 'pollCreationMessageV3'],
  ['event', 'eventMessage'],
  ['product', 'productMessage'],
  ['album', 'albumMessage'],
  ['group invitation', 'groupInviteMessage'],
  ['button reply', 'buttonsResponseMessage', 'templateButtonReplyMessage'],
  ['list reply', 'listResponseMessage'],
  ['number request', 'requestPhoneNumberMessage'],
  ['pin', 'pinInChatMessage'],
  ['reaction', 'reactionMessage'],
  ['vote', 'pollUpdateMessage'],
];

function kindOf(message: proto.IMessage): MessageKind {
  const { videoMessage, audioMessage, protocolMessage } = message;
  if (videoMessage) return videoMessage.gifPlayback ? 'gif' : 'video';
  if (audioMessage) return audioMessage.ptt ? 'voice' : 'audio';
  if (protocolMessage) return kindOfChange(protocolMessage.type);
  return KINDS.find(([, ...fields]) => fields.some((field) => message[field]))?.[0] ?? 'other';
}

function kindOfChange(type: proto.Message.ProtocolMessage.Type | null | undefined): MessageKind {
  const { Type } = proto.Message.ProtocolMessage;
  // The first value of an enumeration is what an absent field means.
  switch (type ?? Type.REVOKE) {
    case Type.REVOKE:
      return 'deletion';
    case Type.MESSAGE_EDIT:
      return 'edit';
    case Type.EPHEMERAL_SETTING:
      return 'disappearing';
    case Type.SHARE_PHONE_NUMBER:
      return 'number';
    case Type.LIMIT_SHARING:
      return 'sharing limit';
    default:
      return 'other';
  }
}

function quotedIn(context: proto.IContextInfo | undefined): Quoted | null {
  if (!context?.stanzaId || !context.quotedMessage) return null;
  const { stanzaId: messageId, participant, quotedMessage } = context;
  return { messageId, author: participant ?? '', text: wordsOf(quotedMessage) };
}

function adIn(context: proto.IContextInfo | undefined): Ad | null {
  const ad = context?.externalAdReply;
  if (!ad) return null;
  const { title, body, sourceUrl, ctwaClid } = ad;
  return { title: title ?? '', body: body ?? '', sourceUrl: sourceUrl ?? '', clickId: ctwaClid ?? '' };
}

function isViewOnce(content: proto.IMessage, message: proto.IMessage): boolean {
  const { viewOnceMessage, viewOnceMessageV2, viewOnceMessageV2Extension } = content;
  const { imageMessage, videoMessage, audioMessage } = message;
  const marked = (imageMessage ?? videoMessage ?? audioMessage)?.viewOnce;
  return Boolean(viewOnceMessage ?? viewOnceMessageV2 ?? viewOnceMessageV2Extension ?? marked);
}
