/** What a message says, whichever of WhatsApp's many content types carries it. Pure. */
import { getContentType, normalizeMessageContent, type proto } from '@whiskeysockets/baileys';
import type { Card, Lead, Media, MessageEvent, MessageKind, Place, Poll, Quoted } from '../events.ts';
import { toJid, type MessageId } from '../ids.ts';

export type Reading = Pick<
  MessageEvent,
  | 'kind'
  | 'text'
  | 'media'
  | 'location'
  | 'contacts'
  | 'poll'
  | 'quoted'
  | 'quotedMessageId'
  | 'mentions'
  | 'forwarded'
  | 'viewOnce'
  | 'disappearsAfter'
  | 'lead'
>;

type Content = proto.IMessage;
type WithContext = { contextInfo?: proto.IContextInfo | null };
type File = proto.Message.IImageMessage &
  proto.Message.IVideoMessage &
  proto.Message.IAudioMessage &
  proto.Message.IDocumentMessage;

/** Content types of a message that carry a file, and what people call it. */
const FILES = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
} as const satisfies Partial<Record<keyof Content, MessageKind>>;
const POLLS = [
  'pollCreationMessage',
  'pollCreationMessageV2',
  'pollCreationMessageV3',
  'pollCreationMessageV5',
] as const;

/** Reads a message's content as it came; wrappers (view once, disappearing, edited, with caption) are seen through. */
export function readContent(raw: Content): Reading {
  const content = normalizeMessageContent(raw) ?? {};
  const media = fileIn(content);
  const location = placeIn(content);
  const contacts = cardsIn(content);
  const poll = pollIn(content);
  const context = contextOf(content);
  const text = textOf(content);
  const quoted = quotedIn(context);
  return {
    ...{ kind: kindOf(content, { location, contacts, poll }), text, media: media && shownMedia(media) },
    ...{ location, contacts, poll, quoted, quotedMessageId: quoted?.messageId ?? null },
    mentions: (context.mentionedJid ?? []).map((jid) => toJid(jid)).filter((jid) => jid !== null),
    forwarded: context.isForwarded === true || (context.forwardingScore ?? 0) > 0,
    viewOnce: isViewOnce(raw, media),
    disappearsAfter: context.expiration || null,
    lead: leadIn(context),
  };
}

function kindOf(content: Content, found: { location: Place | null; contacts: Card[]; poll: Poll | null }): MessageKind {
  const file = fileType(content);
  if (file) return content.audioMessage?.ptt ? 'voice' : FILES[file];
  if (found.location) return 'location';
  if (found.contacts.length > 0) return 'contacts';
  if (found.poll) return 'poll';
  return content.conversation || content.extendedTextMessage ? 'text' : 'unsupported';
}

const fileType = (content: Content) =>
  (Object.keys(FILES) as (keyof typeof FILES)[]).find((type) => content[type] !== null && content[type] !== undefined);

function fileIn(content: Content): File | null {
  const type = fileType(content);
  return type ? (content[type] as File) : null;
}

function shownMedia(file: File): Media {
  return {
    mimetype: file.mimetype ?? 'application/octet-stream',
    bytes: file.fileLength ? Number(file.fileLength) : null,
    sha256: file.fileSha256?.length ? Buffer.from(file.fileSha256).toString('hex') : null,
    fileName: file.fileName ?? file.title ?? null,
    seconds: file.seconds ?? null,
    width: file.width ?? null,
    height: file.height ?? null,
    gif: file.gifPlayback === true,
    url: null,
  };
}

function placeIn({ locationMessage, liveLocationMessage }: Content): Place | null {
  const place = locationMessage ?? liveLocationMessage;
  if (!place) return null;
  return {
    latitude: place.degreesLatitude ?? 0,
    longitude: place.degreesLongitude ?? 0,
    name: locationMessage?.name || null,
    address: locationMessage?.address || null,
    live: Boolean(liveLocationMessage) || locationMessage?.isLive === true,
  };
}

function cardsIn({ contactMessage, contactsArrayMessage }: Content): Card[] {
  const cards = contactMessage ? [contactMessage] : (contactsArrayMessage?.contacts ?? []);
  return cards.map(({ displayName, vcard }) => ({
    name: displayName ?? '',
    phones: [...(vcard ?? '').matchAll(/^(?:item\d+\.)?TEL(?:[^:\n]|\n[ \t])*:(.+)$/gim)].map(([line, number = '']) => {
      const digits = /waid=(\d+)/i.exec(line)?.[1];
      return digits ? `+${digits}` : number.trim();
    }),
    vcard: vcard ?? '',
  }));
}

function pollIn(content: Content): Poll | null {
  const poll = POLLS.map((type) => content[type]).find((each) => each);
  if (!poll) return null;
  return {
    question: poll.name ?? '',
    options: (poll.options ?? []).map(({ optionName }) => optionName ?? ''),
    selectable: poll.selectableOptionsCount ?? 0,
  };
}

/** The text, wherever the content carries it. */
function textOf(content: Content): string {
  const { conversation, extendedTextMessage, buttonsResponseMessage, listResponseMessage } = content;
  const { templateButtonReplyMessage, liveLocationMessage } = content;
  const file = fileIn(content);
  return (
    [
      conversation,
      extendedTextMessage?.text,
      file?.caption,
      liveLocationMessage?.caption,
      buttonsResponseMessage?.selectedDisplayText,
      templateButtonReplyMessage?.selectedDisplayText,
      listResponseMessage?.title,
      pollIn(content)?.question,
    ].find((words) => words) ?? ''
  );
}

/** What surrounds the content: the answered message, mentions, the advertisement. */
function contextOf(content: Content): proto.IContextInfo {
  const type = getContentType(content);
  const carrier = type ? content[type] : undefined;
  return (typeof carrier === 'object' && carrier !== null ? (carrier as WithContext).contextInfo : undefined) ?? {};
}

function quotedIn({ stanzaId, participant, quotedMessage }: proto.IContextInfo): Quoted | null {
  if (!stanzaId) return null;
  const said = quotedMessage ? readContent(quotedMessage) : null;
  const { text = '', kind = 'unsupported' } = said ?? {};
  return { messageId: stanzaId as MessageId, text, kind, author: toJid(participant) };
}

const isViewOnce = (raw: Content, file: File | null): boolean =>
  Boolean(raw.viewOnceMessage ?? raw.viewOnceMessageV2 ?? raw.viewOnceMessageV2Extension) || file?.viewOnce === true;

const told = (text: string | null | undefined): string | null => text || null;

/** Advertisements and links that open a chat tell where they stood; for a business this is how a lead is counted. */
function leadIn(context: proto.IContextInfo): Lead | null {
  const { title, body, sourceType, sourceId, sourceUrl, ctwaClid, ref, sourceApp, showAdAttribution } =
    context.externalAdReply ?? {};
  const entryPoint = told(context.entryPointConversionSource) ?? told(context.conversionSource);
  // A link preview in an ordinary message has such a block too, but names no source of its own.
  const isAd = [sourceId, ctwaClid, ref, showAdAttribution].some(Boolean);
  if (!isAd && !entryPoint) return null;
  return {
    ...{ title: told(title), body: told(body), sourceType: told(sourceType), sourceId: told(sourceId) },
    ...{ sourceUrl: told(sourceUrl), clickId: told(ctwaClid), ref: told(ref) },
    ...{ app: told(sourceApp) ?? told(context.entryPointConversionApp), entryPoint },
  };
}
