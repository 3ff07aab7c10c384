/** What the stanza of a message says of its encrypted content, so that servers and push services can tell kinds apart. */
import { normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import { node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import { appearanceOf } from './appearance.ts';

const { ProtocolMessage } = proto.Message;

/** The `type` of the message stanza. */
export function stanzaType(message: proto.IMessage): string {
  const content = normalizeMessageContent(message);
  if (content?.reactionMessage || content?.encReactionMessage) return 'reaction';
  if (isPoll(content) || content?.pollUpdateMessage) return 'poll';
  if (content?.eventMessage) return 'event';
  return mediaType(content) === undefined ? 'text' : 'media';
}

/** What the server gives in place of a ciphertext to devices the sender encrypted nothing for. */
export function unavailableFor(message: proto.IMessage): Stanza {
  return node('unavailable', appearanceOf(message).viewOnce ? { type: 'view_once' } : {});
}

/** The attributes of each `<enc>` beside its version and type. */
export function encAttrs(message: proto.IMessage): Stanza['attrs'] {
  const content = normalizeMessageContent(message);
  const mediatype = mediaType(content);
  // A client that cannot decrypt one of these shows nothing, instead of "waiting for this message".
  const hides = content?.reactionMessage ?? content?.pollUpdateMessage ?? changeOf(content);
  return { ...(mediatype !== undefined && { mediatype }), ...(hides && { 'decrypt-fail': 'hide' }) };
}

/** The `edit` attribute: 1 for an edit, 7 for a deletion by the author, 8 for one by an admin. */
export function editAttr(message: proto.IMessage): string | undefined {
  const change = changeOf(normalizeMessageContent(message));
  if (!change) return undefined;
  if (change.type === ProtocolMessage.Type.MESSAGE_EDIT) return '1';
  return change.key?.fromMe === false ? '8' : '7';
}

function changeOf(content: proto.IMessage | undefined): proto.Message.IProtocolMessage | undefined {
  const change = content?.protocolMessage;
  const { MESSAGE_EDIT, REVOKE } = ProtocolMessage.Type;
  return change?.type === MESSAGE_EDIT || change?.type === REVOKE ? change : undefined;
}

function mediaType(content: proto.IMessage | undefined): string | undefined {
  if (!content) return undefined;
  const { videoMessage, audioMessage, extendedTextMessage } = content;
  if (videoMessage) return videoMessage.gifPlayback ? 'gif' : 'video';
  if (audioMessage) return audioMessage.ptt ? 'ptt' : 'audio';
  if (extendedTextMessage) return extendedTextMessage.matchedText ? 'url' : undefined;
  return Object.entries(MEDIA_TYPES).find(([field]) => content[field as keyof proto.IMessage])?.[1];
}

/** By what a message holds; texts, polls and changes have none. */
const MEDIA_TYPES: Readonly<Partial<Record<keyof proto.IMessage, string>>> = {
  imageMessage: 'image',
  ptvMessage: 'ptv',
  documentMessage: 'document',
  stickerMessage: 'sticker',
  contactMessage: 'vcard',
  contactsArrayMessage: 'contact_array',
  locationMessage: 'location',
  liveLocationMessage: 'livelocation',
};

const isPoll = (content: proto.IMessage | undefined): boolean =>
  Boolean(content?.pollCreationMessage ?? content?.pollCreationMessageV2 ?? content?.pollCreationMessageV3);
