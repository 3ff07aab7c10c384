/** What a phone shows, as JSON can say it: a row without the decrypted protobuf, whose bytes it cannot carry. */
import { normalizeMessageContent } from '@whiskeysockets/baileys';
import type { proto } from '@whiskeysockets/baileys';
import type { Contact } from './contact.ts';
import { contextOf } from './contents/appearance.ts';
import type { PollView } from './contents/changes.ts';
import { Group } from './groups/groups.ts';
import type { Entry, ScreenMessage } from './screen.ts';

interface FileFacts {
  readonly mimetype: string;
  /** How many bytes the file has, as the message says. */
  readonly bytes: number;
  readonly fileName: string | null;
}

/** What a message says of the file it carries; null when it carries none. */
export function fileFacts(content: proto.IMessage): FileFacts | null {
  const message = normalizeMessageContent(content);
  const { imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage, stickerMessage } = message ?? {};
  const file = imageMessage ?? videoMessage ?? ptvMessage ?? audioMessage ?? documentMessage ?? stickerMessage;
  if (!file) return null;
  return {
    mimetype: file.mimetype ?? 'application/octet-stream',
    bytes: Number(file.fileLength ?? 0),
    fileName: documentMessage?.fileName ?? null,
  };
}

const counted = ({ options, ...poll }: PollView) => ({
  ...poll,
  options: options.map(({ name, voters }) => ({ name, votes: voters.length, voters })),
});

function placeIn(content: proto.IMessage): object | null {
  const { locationMessage, liveLocationMessage } = normalizeMessageContent(content) ?? {};
  const place = locationMessage ?? liveLocationMessage;
  if (!place) return null;
  const { degreesLatitude: latitude, degreesLongitude: longitude } = place;
  const named = { name: locationMessage?.name ?? null, address: locationMessage?.address ?? null };
  return { latitude, longitude, ...named, live: !locationMessage };
}

function cardsIn(content: proto.IMessage): object[] {
  const { contactMessage, contactsArrayMessage } = normalizeMessageContent(content) ?? {};
  const cards = contactMessage ? [contactMessage] : (contactsArrayMessage?.contacts ?? []);
  return cards.map(({ displayName, vcard }) => ({ name: displayName ?? '', vcard: vcard ?? '' }));
}

/** A row and all that was done to it. */
export function rowView({ content, poll, file: _file, ...row }: ScreenMessage) {
  return {
    ...row,
    poll: poll && counted(poll),
    file: fileFacts(content),
    location: placeIn(content),
    cards: cardsIn(content),
    mentions: contextOf(normalizeMessageContent(content) ?? {})?.mentionedJid ?? [],
  };
}

/** A row with its chat, whose it is, and, for what the contact wrote, the receipts that came back. */
export function entryView({ row, chat, author }: Entry, contact: Contact) {
  const own = author === contact.person;
  return {
    ...rowView(row),
    chat: chat instanceof Group ? chat.jid : chat.phone,
    own,
    receipts: own ? contact.receiptsFor(row.messageId) : [],
  };
}
