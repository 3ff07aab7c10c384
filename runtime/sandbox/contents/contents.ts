/** Everything a person can write, as the message a phone makes of it. */
import { randomBytes } from 'node:crypto';
import { getContentType, proto } from '@whiskeysockets/baileys';
import { encryptVote } from './poll-votes.ts';
import type { VoteContext } from './poll-votes.ts';

const { ProtocolMessage } = proto.Message;
const { MediaType } = proto.ContextInfo.ExternalAdReplyInfo;

/** How long, in seconds, messages may stay in a chat in which they disappear; 0 turns it off. */
const DISAPPEARING_SECONDS: readonly number[] = [0, 86_400, 604_800, 7_776_000];
const MAX_OPTIONS = 12;

/** A place on earth, in degrees. Throws for one that is not. */
export function location(latitude: number, longitude: number, more: { name?: string; address?: string } = {}) {
  requirePlace(latitude, longitude);
  return { locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, ...more } };
}

/** Where somebody is, as it is shared for a while. `sequence` counts its updates. */
export function liveLocation(latitude: number, longitude: number, { caption = '', sequence = 1 } = {}): proto.IMessage {
  requirePlace(latitude, longitude);
  const place = { degreesLatitude: latitude, degreesLongitude: longitude, accuracyInMeters: 10 };
  return { liveLocationMessage: { ...place, caption, sequenceNumber: sequence, timeOffset: 0 } };
}

/** One or several cards from the address book. Throws when there is none. */
export function contactCards(...cards: readonly { name: string; phone: string }[]): proto.IMessage {
  const [first, ...others] = cards.map(({ name, phone }) => {
    const lines = ['BEGIN:VCARD', 'VERSION:3.0', `N:;${name};;;`, `FN:${name}`];
    const number = `item1.TEL;waid=${phone}:+${phone}`;
    return { displayName: name, vcard: [...lines, number, 'item1.X-ABLabel:Mobile', 'END:VCARD'].join('\n') };
  });
  if (!first) throw new Error('there is at least one card');
  if (others.length === 0) return { contactMessage: first };
  return { contactsArrayMessage: { displayName: `${cards.length} contacts`, contacts: [first, ...others] } };
}

/** A poll. Throws unless it has 2 to 12 options, all different. */
export function poll(question: string, options: readonly string[], { multiple = false } = {}): proto.IMessage {
  const different = new Set(options).size === options.length;
  if (options.length < 2 || options.length > MAX_OPTIONS || !different) {
    throw new Error(`a poll has 2 to ${MAX_OPTIONS} options, all different`);
  }
  const creation = {
    name: question,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: multiple ? 0 : 1,
  };
  const messageContextInfo = { messageSecret: randomBytes(32) };
  return multiple
    ? { pollCreationMessage: creation, messageContextInfo }
    : { pollCreationMessageV3: creation, messageContextInfo };
}

export const text = (words: string): proto.IMessage => ({ conversation: words });

/** A text that names people; it must have `@<user>` for each of their addresses. Throws when it has not. */
export function mention(words: string, jids: readonly string[]): proto.IMessage {
  for (const jid of jids) {
    const user = jid.split('@')[0] ?? '';
    if (!words.includes(`@${user}`)) throw new Error(`the text does not mention @${user}`);
  }
  return { extendedTextMessage: { text: words, contextInfo: { mentionedJid: [...jids] } } };
}

/** A text with a preview of the page it links to. Throws when the link is not in the text. */
export function linkPreview(words: string, { url, title = '', description = '' }: LinkPreview): proto.IMessage {
  if (!words.includes(url)) throw new Error(`the text does not have the link ${url}`);
  return { extendedTextMessage: { text: words, matchedText: url, title, description, previewType: 0 } };
}

export interface LinkPreview {
  readonly url: string;
  readonly title?: string;
  readonly description?: string;
}

/** The first message of somebody who tapped on an advertisement that opens a chat. */
export function adLead(words: string, ad: AdClick): proto.IMessage {
  const { title, body, sourceUrl, adId, clickId } = ad;
  const externalAdReply = {
    ...{ title, body, sourceUrl, sourceType: 'ad', sourceId: adId, ctwaClid: clickId, sourceApp: 'facebook' },
    ...{ mediaType: MediaType.IMAGE, renderLargerThumbnail: true, showAdAttribution: true, containsAutoReply: false },
  };
  const contextInfo = {
    externalAdReply,
    conversionSource: 'FB_Ads',
    conversionData: Buffer.from(clickId),
    conversionDelaySeconds: 4,
    entryPointConversionSource: 'ctwa_ad',
    entryPointConversionApp: 'facebook',
    entryPointConversionDelaySeconds: 4,
    ctwaSignals: '1',
    ctwaPayload: randomBytes(32),
  };
  return { extendedTextMessage: { text: words, contextInfo } };
}

export interface AdClick {
  readonly title: string;
  readonly body: string;
  readonly sourceUrl: string;
  readonly adId: string;
  /** The click's id (`ctwa_clid`), which the advertiser reports conversions with. */
  readonly clickId: string;
}

/** Any content as it looks when it is passed on. */
export function forwarded(content: proto.IMessage): proto.IMessage {
  return withContext(content, { isForwarded: true, forwardingScore: 1 });
}

/** Any content as an answer to another message. */
export function quoting(content: proto.IMessage, quoted: proto.IMessage, id: string, author: string): proto.IMessage {
  return withContext(content, { stanzaId: id, participant: author, quotedMessage: quoted });
}

/** Any content as it is in a chat where messages disappear. */
export function disappearing(content: proto.IMessage, seconds: number): proto.IMessage {
  return seconds === 0 ? content : withContext(content, { expiration: seconds });
}

/** Makes messages of a chat disappear after so many seconds, 0 for never. Throws for a time WhatsApp does not offer. */
export function disappearingSetting(seconds: number, key: proto.IMessageKey): proto.IMessage {
  if (!DISAPPEARING_SECONDS.includes(seconds)) {
    throw new Error(`messages can disappear after ${DISAPPEARING_SECONDS.join(', ')} seconds, not ${seconds}`);
  }
  const ephemeralSettingTimestamp = Math.floor(Date.now() / 1000);
  const type = ProtocolMessage.Type.EPHEMERAL_SETTING;
  return { protocolMessage: { type, key, ephemeralExpiration: seconds, ephemeralSettingTimestamp } };
}

/** An emoji on a message; none takes it back. */
export function reaction(key: proto.IMessageKey, emoji: string): proto.IMessage {
  return { reactionMessage: { key, text: emoji, senderTimestampMs: Date.now() } };
}

export function edit(key: proto.IMessageKey, content: proto.IMessage): proto.IMessage {
  const type = ProtocolMessage.Type.MESSAGE_EDIT;
  const protocolMessage = { type, key, editedMessage: content, timestampMs: Date.now() };
  return { editedMessage: { message: { protocolMessage } } };
}

export function deletion(key: proto.IMessageKey): proto.IMessage {
  return { protocolMessage: { type: ProtocolMessage.Type.REVOKE, key } };
}

export function vote(key: proto.IMessageKey, context: VoteContext, options: readonly string[]): proto.IMessage {
  const senderTimestampMs = Date.now();
  const pollUpdateMessage = { pollCreationMessageKey: key, vote: encryptVote(context, options), senderTimestampMs };
  return { pollUpdateMessage };
}

/** Adds to what a message says beside its content; a plain text becomes one that can say more. */
function withContext(content: proto.IMessage, more: proto.IContextInfo): proto.IMessage {
  const { conversation, ...rest } = content;
  if (conversation) return { ...rest, extendedTextMessage: { text: conversation, contextInfo: more } };
  const field = getContentType(content);
  const part = field && (content[field] as { contextInfo?: proto.IContextInfo; message?: proto.IMessage } | undefined);
  if (!field || !part) throw new Error('an empty message says nothing');
  if (part.message) return { ...content, [field]: { ...part, message: withContext(part.message, more) } };
  return { ...content, [field]: { ...part, contextInfo: { ...part.contextInfo, ...more } } };
}

function requirePlace(latitude: number, longitude: number): void {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) {
    throw new Error(`there is no place at ${latitude}, ${longitude}`);
  }
}
