/**
 * From what a message is to what goes over the wire. A message is built once and kept before it leaves: sent again after
 * a crash it is the same to the byte (a poll keeps the secret its votes are encrypted with), and a recipient who cannot
 * decrypt it can ask for it again for days.
 */
import {
  generateWAMessage,
  proto,
  type AnyMessageContent,
  type MiscMessageGenerationOptions,
  type WAMessageKey,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Readable } from 'node:stream';
import {
  isFile,
  type ContactCard,
  type Content,
  type ForwardContent,
  type MessageRef,
  type TextContent,
} from '../content.ts';
import { isGroup, toJid } from '../ids.ts';
import { fileContent, shownOnce } from './outgoing-file.ts';

export interface Outgoing {
  messageId: string;
  content: Content;
  /** The message it answers. */
  quoted: MessageRef | null;
  /** The message it is about: what is reacted to, edited, deleted. */
  target: MessageRef | null;
}

/** Built messages, by id. */
export interface SentMessages {
  find(messageId: string): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  keep(messageId: string, message: Uint8Array): Promise<void>;
  /** It is known that it did not leave: the next attempt builds it anew. */
  forget(messageId: string): Promise<void>;
  /** The bytes of a message that carries a file and is to be built. */
  file(messageId: string): Readable;
}

/** An upload that makes no headway for so long is begun anew; what waits behind it waits as long. */
const UPLOAD_STALLED_MS = 20_000;

/** Builds the message, files uploaded, or takes what was built before. Kept when it resolves. */
export async function prepare(sock: WASocket, jid: string, outgoing: Outgoing, sent: SentMessages) {
  const kept = await sent.find(outgoing.messageId);
  if (kept) return proto.Message.decode(kept);
  const message = await build(sock, jid, outgoing, () => sent.file(outgoing.messageId));
  await sent.keep(outgoing.messageId, proto.Message.encode(message).finish());
  return message;
}

/** Encrypts a prepared message for its recipients and writes it; resolves before the server has it. */
export async function relay(sock: WASocket, jid: string, outgoing: Outgoing, message: proto.Message): Promise<void> {
  await sock.relayMessage(jid, message, { messageId: outgoing.messageId, ...attributesOf(outgoing, jid) });
}

async function build(sock: WASocket, jid: string, outgoing: Outgoing, openFile: () => Readable) {
  const { messageId, content, quoted, target } = outgoing;
  if (content.kind === 'forward') return proto.Message.decode(Buffer.from(content.message, 'base64'));
  const options: MiscMessageGenerationOptions = { ...(quoted && { quoted: quotedMessage(jid, quoted) }) };
  const built = await generateWAMessage(jid, clientContent(content, target && keyOf(jid, target), openFile), {
    userJid: sock.user?.id ?? '',
    upload: sock.waUploadToServer,
    mediaUploadTimeoutMs: UPLOAD_STALLED_MS,
    messageId,
    ...options,
  });
  return shownOnce(proto.Message.create(built.message ?? {}));
}

/** In the client's terms. `target` is there for the kinds that are about a message. */
function clientContent(
  content: Exclude<Content, ForwardContent>,
  target: WAMessageKey | null,
  openFile: () => Readable,
): AnyMessageContent {
  if (isFile(content)) return fileContent(content, openFile());
  switch (content.kind) {
    case 'text':
      return textContent(content);
    case 'location': {
      const { latitude, longitude, name, address } = content;
      return { location: { degreesLatitude: latitude, degreesLongitude: longitude, name, address } };
    }
    case 'contacts': {
      const contacts = content.contacts.map((card) => ({ displayName: card.name, vcard: vcardOf(card) }));
      const [first] = contacts;
      return { contacts: { displayName: contacts.length === 1 ? first?.displayName : `${contacts.length}`, contacts } };
    }
    case 'poll': {
      const { question, options, selectable } = content;
      return { poll: { name: question, values: options, selectableCount: selectable } };
    }
    case 'reaction':
      return { react: { text: content.emoji, key: required(target) } };
    case 'edit':
      return { text: content.text, edit: required(target) };
    case 'delete':
      return { delete: required(target) };
    default:
      return content satisfies never;
  }
}

function textContent({ text, mentions, preview }: TextContent): AnyMessageContent {
  if (!preview) return { text, linkPreview: null, ...(mentions && { mentions }) };
  const { address, title, description, thumbnail } = preview;
  const linkPreview = {
    ...{ 'canonical-url': address, 'matched-text': address, title },
    ...(description !== undefined && { description }),
    ...(thumbnail !== undefined && { jpegThumbnail: base64(thumbnail) }),
  };
  return { text, linkPreview, ...(mentions && { mentions }) };
}

function required(target: WAMessageKey | null): WAMessageKey {
  if (!target) throw new Error('the message this is about is not known');
  return target;
}

/** What the stanza says beside the encrypted message, as the client's own sendMessage sets it (messages-send.js:1089). */
function attributesOf({ content, target }: Outgoing, jid: string) {
  switch (content.kind) {
    case 'edit':
      return { additionalAttributes: { edit: '1' } };
    case 'delete': {
      const others = isGroupChat(jid) && target?.fromMe === false;
      return { additionalAttributes: { edit: others ? '8' : '7' } };
    }
    case 'poll':
      return POLL;
    case 'forward':
      return content.poll ? POLL : {};
    default:
      return {};
  }
}

const POLL = { additionalNodes: [{ tag: 'meta', attrs: { polltype: 'creation' } }] };

function isGroupChat(jid: string): boolean {
  const chat = toJid(jid);
  return chat !== null && isGroup(chat);
}

const keyOf = (remoteJid: string, { messageId, fromMe, participant }: MessageRef): WAMessageKey => ({
  ...{ remoteJid, id: messageId, fromMe },
  ...(participant && { participant }),
});

/** As much of the answered message as the recipient's phone needs to show it above the answer. */
const quotedMessage = (jid: string, quoted: MessageRef) => ({
  key: keyOf(jid, quoted),
  message: quoted.message === undefined ? { conversation: quoted.text } : proto.Message.decode(base64(quoted.message)),
});

const base64 = (text: string) => Buffer.from(text, 'base64');

/** vCard 3.0 as WhatsApp's own clients write it; `waid` is what makes the card offer a chat. */
function vcardOf({ name, phone, organization }: ContactCard): string {
  const escaped = (text: string) => text.replace(/[\\,;]/g, '\\$&').replace(/\r?\n/g, '\\n');
  const digits = phone.replace(/\D/g, '');
  return [
    ...['BEGIN:VCARD', 'VERSION:3.0', `N:;${escaped(name)};;;`, `FN:${escaped(name)}`],
    ...(organization ? [`ORG:${escaped(organization)};`] : []),
    `TEL;type=CELL;type=VOICE;waid=${digits}:+${digits}`,
    'END:VCARD',
  ].join('\n');
}
