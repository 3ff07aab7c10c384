/** The content of a message as JSON gives it: its kind, by the word that screens have for it, and what the kind takes. */
import type { proto } from '@whiskeysockets/baileys';
import { ControlError, flag, number, optional, required, requireFields } from './control-route.ts';
import type { Field, Given, Route } from './control-route.ts';
import { adLead, contactCards, linkPreview, liveLocation, location, mention, poll, text } from './contents/contents.ts';
import type { FileKind, FileToSend } from './media/media.ts';

type Fields = Route['fields'];
/** How people are named in the chat: their address by their phone number. */
export type AddressOf = (phone: string) => string;

interface MessageKind {
  readonly fields: Fields;
  make(given: Given, addressOf: AddressOf): proto.IMessage;
}

interface SentFile {
  readonly fields: Fields;
  readonly kind: FileKind;
  readonly mime: string;
  readonly more: Partial<FileToSend>;
}

const strings: Field = { type: 'strings', required: true };
const degrees: Field = { type: 'number', required: true };
const words = (given: unknown): string => String(given ?? '');
/** What of the fields is given, as the sandbox takes it. */
const some = (given: Given, ...names: string[]) =>
  Object.fromEntries(names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));

const MESSAGES: Readonly<Record<string, MessageKind>> = {
  text: { fields: { text: required }, make: (given) => text(words(given['text'])) },
  mention: {
    fields: { text: required, people: strings },
    make: ({ text: said, people }, addressOf) => mentionOf(words(said), people as string[], addressOf),
  },
  'link preview': {
    fields: { text: required, url: required, title: optional, description: optional },
    make: (given) =>
      linkPreview(words(given['text']), { url: words(given['url']), ...some(given, 'title', 'description') }),
  },
  ad: {
    fields: { text: required, title: required, body: optional, sourceUrl: required, adId: optional, clickId: required },
    make: ({ text: said, title, body, sourceUrl, adId, clickId }) =>
      adLead(words(said), {
        ...{ title: words(title), body: words(body), sourceUrl: words(sourceUrl) },
        ...{ adId: words(adId ?? '120200000000000000'), clickId: words(clickId) },
      }),
  },
  location: {
    fields: { latitude: degrees, longitude: degrees, name: optional, address: optional },
    make: (given) => location(Number(given['latitude']), Number(given['longitude']), some(given, 'name', 'address')),
  },
  'live location': {
    fields: { latitude: degrees, longitude: degrees, caption: optional, sequence: number },
    make: (given) =>
      liveLocation(Number(given['latitude']), Number(given['longitude']), some(given, 'caption', 'sequence')),
  },
  contacts: {
    fields: { cards: { type: 'objects', required: true } },
    make: ({ cards }) => contactCards(...(cards as Given[]).map(cardOf)),
  },
  poll: {
    fields: { question: required, options: strings, multiple: flag },
    make: ({ question, options, multiple }) =>
      poll(words(question), options as string[], { multiple: multiple === true }),
  },
};

const FILE = { data: required, mimetype: optional };
const SECONDS = { seconds: number };
const CAPTION = { caption: optional };
const ONCE = { viewOnce: flag };

const FILES: Readonly<Record<string, SentFile>> = {
  image: { fields: { ...FILE, ...CAPTION, ...ONCE }, kind: 'image', mime: 'image/jpeg', more: {} },
  video: { fields: { ...FILE, ...CAPTION, ...SECONDS, ...ONCE }, kind: 'video', mime: 'video/mp4', more: {} },
  gif: { fields: { ...FILE, ...CAPTION, ...SECONDS }, kind: 'video', mime: 'video/mp4', more: { gif: true } },
  'video note': { fields: { ...FILE, ...SECONDS }, kind: 'video', mime: 'video/mp4', more: { videoNote: true } },
  audio: { fields: { ...FILE, ...SECONDS }, kind: 'audio', mime: 'audio/mpeg', more: {} },
  voice: { fields: { ...FILE, ...SECONDS, ...ONCE }, kind: 'voice', mime: 'audio/ogg; codecs=opus', more: {} },
  document: {
    fields: { ...FILE, ...CAPTION, fileName: optional },
    ...{ kind: 'document', mime: 'application/octet-stream', more: {} },
  },
  sticker: { fields: FILE, kind: 'sticker', mime: 'image/webp', more: {} },
};

const KINDS: Readonly<Record<string, MessageKind | SentFile>> = { ...MESSAGES, ...FILES };

/** Every kind of content, with what it takes. `data` is a file's bytes in Base64. */
export const CONTENT_KINDS: Readonly<Record<string, Fields>> = Object.fromEntries(
  Object.entries(KINDS).map(([kind, { fields }]) => [kind, fields]),
);

/** What to send. Throws a 400 with a sentence for what is no content there is. */
export function contentOf(given: Given, addressOf: AddressOf): { message: proto.IMessage } | { file: FileToSend } {
  const { kind, ...rest } = given;
  const name = String(kind);
  const found = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!found) throw new ControlError(400, `kind must be one of ${Object.keys(KINDS).join(', ')}`);
  requireFields(found.fields, rest, ` in a content of the kind ${name}`);
  if ('make' in found) return { message: found.make(rest, addressOf) };
  const mime = String(rest['mimetype'] ?? found.mime);
  const more = some(rest, 'caption', 'fileName', 'seconds', 'viewOnce');
  return { file: { ...found.more, ...more, kind: found.kind, mime, bytes: bytesIn(String(rest['data'])) } };
}

export const isFileKind = (kind: string): boolean => Object.hasOwn(FILES, kind);

function bytesIn(data: string): Buffer {
  // No pattern that repeats over megabytes: V8 stops optimizing patterns in a process that compiled many, and one that
  // is not optimized keeps a way back for each character until its stack is full.
  const end = data.search(/[^A-Za-z0-9+/]|$/);
  const isBase64 = end > 0 && /^={0,2}$/.test(data.slice(end));
  if (!isBase64) throw new ControlError(400, 'data must be the bytes of a file in Base64');
  return Buffer.from(data, 'base64');
}

function cardOf(card: Given): { name: string; phone: string } {
  requireFields({ name: required, phone: required }, card, ' in a card');
  if (!/^\d+$/.test(String(card['phone']))) throw new ControlError(400, 'phone must be digits in a card');
  return { name: String(card['name']), phone: String(card['phone']) };
}

/** People are mentioned by their numbers; the message has their addresses, as the chat has them. */
function mentionOf(said: string, people: readonly string[], addressOf: AddressOf): proto.IMessage {
  let text = said;
  const jids = people.map((phone) => {
    if (!text.includes(`@${phone}`)) throw new ControlError(400, `the text does not mention @${phone}`);
    const jid = addressOf(phone);
    text = text.replaceAll(`@${phone}`, `@${jid.split('@')[0]}`);
    return jid;
  });
  return mention(text, jids);
}
