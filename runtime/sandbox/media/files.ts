/** Files as phones send and open them: what a person sends, the message that carries it, and the file of a message. */
import { normalizeMessageContent } from '@whiskeysockets/baileys';
import type { proto } from '@whiskeysockets/baileys';
import { decryptFile, encryptFile } from './file-cipher.ts';
import type { CipherKind, FileFacts } from './file-cipher.ts';
import type { Media, MediaFolder } from './media.ts';

/** How a person sends a file: a voice message is audio that was recorded, not picked. */
const FILE_KINDS = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

export interface FileToSend {
  readonly kind: FileKind;
  readonly bytes: Buffer;
  /** The MIME type, such as `image/jpeg`. */
  readonly mime: string;
  /** Words below an image, a video or a document. */
  readonly caption?: string;
  /** The name of a document. */
  readonly fileName?: string;
  /** How long a video or audio lasts. */
  readonly seconds?: number;
  /** How loud a voice message is over its time: up to 64 numbers from 0 to 100. */
  readonly waveform?: readonly number[];
  /** A video that plays over and over, without sound. */
  readonly gif?: boolean;
  /** A video recorded in the chat, shown round. */
  readonly videoNote?: boolean;
  /** An image, a video or a voice message that is shown once. */
  readonly viewOnce?: boolean;
}

const CIPHER_KINDS: Readonly<Record<FileKind, CipherKind>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  voice: 'audio',
  document: 'document',
  sticker: 'sticker',
};

/** What only some kinds can have. */
const ONLY_FOR: Readonly<Partial<Record<keyof FileToSend, readonly FileKind[]>>> = {
  caption: ['image', 'video', 'document'],
  fileName: ['document'],
  seconds: ['video', 'audio', 'voice'],
  waveform: ['voice'],
  gif: ['video'],
  videoNote: ['video'],
  viewOnce: ['image', 'video', 'voice'],
};

/** Encrypts a file, uploads it, and makes the message that carries it. Throws for what a phone would not let one send. */
export function fileMessage(media: Media, file: FileToSend): proto.IMessage {
  requireSense(file);
  const kind = CIPHER_KINDS[file.kind];
  const { bytes, ...facts } = encryptFile(kind, file.bytes);
  const folder: MediaFolder = kind === 'sticker' ? 'image' : kind;
  const common = {
    ...media.keep(folder, bytes),
    ...facts,
    mimetype: file.mime,
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    ...(file.viewOnce && { viewOnce: true }),
  };
  return wrapped(file, inner(file, common));
}

function inner(file: FileToSend, common: object): proto.IMessage {
  const { kind, caption, seconds, gif, videoNote, fileName, waveform } = file;
  switch (kind) {
    case 'image':
      return { imageMessage: { ...common, caption } };
    case 'video':
      if (videoNote) return { ptvMessage: { ...common, seconds } };
      return { videoMessage: { ...common, caption, seconds, ...(gif && { gifPlayback: true }) } };
    case 'audio':
      return { audioMessage: { ...common, seconds } };
    case 'voice':
      return { audioMessage: { ...common, seconds, ptt: true, ...(waveform && { waveform: Buffer.from(waveform) }) } };
    case 'document':
      return { documentMessage: { ...common, caption, fileName, title: fileName } };
    case 'sticker':
      return { stickerMessage: common };
    default:
      return kind satisfies never;
  }
}

/** What is shown once, and a document with words, travel inside another message. */
function wrapped({ kind, caption, viewOnce }: FileToSend, message: proto.IMessage): proto.IMessage {
  if (viewOnce)
    return kind === 'voice' ? { viewOnceMessageV2Extension: { message } } : { viewOnceMessageV2: { message } };
  return kind === 'document' && caption !== undefined ? { documentWithCaptionMessage: { message } } : message;
}

function requireSense(file: FileToSend): void {
  const { kind, bytes, mime, gif, videoNote, caption } = file;
  if (!FILE_KINDS.includes(kind)) throw new Error(`a file is one of ${FILE_KINDS.join(', ')}`);
  if (bytes.length === 0) throw new Error('a file has bytes');
  if (!/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(mime)) throw new Error(`${JSON.stringify(mime)} is not a MIME type`);
  for (const [field, kinds] of Object.entries(ONLY_FOR)) {
    const given = file[field as keyof FileToSend];
    if (given !== undefined && given !== false && !kinds.includes(kind)) throw new Error(`${kind} has no ${field}`);
  }
  if (videoNote && (gif || caption !== undefined)) throw new Error('a video note has no caption and is not a GIF');
  requireNumbers(file);
}

function requireNumbers({ seconds = 0, waveform = [] }: FileToSend): void {
  if (!(Number.isInteger(seconds) && seconds >= 0)) throw new Error('seconds are counted whole');
  if (waveform.length > 64 || waveform.some((loud) => !(loud >= 0 && loud <= 100))) {
    throw new Error('a waveform is up to 64 numbers from 0 to 100');
  }
}

interface Carried extends FileFacts {
  readonly kind: CipherKind;
  readonly directPath?: string | null;
}

/** What a message says of the file it carries; undefined when it carries none. */
export function carriedFile(content: proto.IMessage | null | undefined): Carried | undefined {
  const message = normalizeMessageContent(content);
  const kinds: [CipherKind, (FileFacts & { directPath?: string | null }) | null | undefined][] = [
    ['image', message?.imageMessage],
    ['video', message?.videoMessage ?? message?.ptvMessage],
    ['audio', message?.audioMessage],
    ['document', message?.documentMessage],
    ['sticker', message?.stickerMessage],
  ];
  for (const [kind, facts] of kinds) {
    if (!facts) continue;
    const { mediaKey, fileSha256, fileEncSha256, fileLength, directPath } = facts;
    return { kind, mediaKey, fileSha256, fileEncSha256, fileLength, directPath } as Carried;
  }
  return undefined;
}

/** Downloads and decrypts the file of a message. Throws when it carries none, it is gone, or it is not what was sent. */
export function openFile(media: Media, content: proto.IMessage): Buffer {
  const file = carriedFile(content);
  if (!file) throw new Error('the message carries no file');
  const bytes = media.find(file.directPath ?? '');
  if (!bytes) throw new Error(`no file at ${file.directPath ?? 'no path'}`);
  return decryptFile(file.kind, file, bytes);
}
