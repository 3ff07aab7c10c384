/**
 * What a message to be sent can be. One closed union from the API to the socket: the outbox keeps it as it is, pacing asks it
 * how long it takes to make, the session turns it into what the client library takes.
 */
import type { Jid, MessageId } from './ids.ts';

export interface TextContent {
  kind: 'text';
  text: string;
  /** People named in the text as `@<number>`; each is told. */
  mentions?: Jid[];
  /** What shows of a web address in it. */
  preview?: LinkPreview;
}

export interface LinkPreview {
  /** As it stands in the text. */
  address: string;
  title: string;
  description?: string;
  /** A small JPEG, in base64. */
  thumbnail?: string;
}

export interface LocationContent {
  kind: 'location';
  /** Degrees. */
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export interface ContactCard {
  name: string;
  /** With country code. */
  phone: string;
  organization?: string;
}

export interface ContactsContent {
  kind: 'contacts';
  contacts: ContactCard[];
}

export interface PollContent {
  kind: 'poll';
  question: string;
  options: string[];
  /** How many options one person may choose; 0 is any number. */
  selectable: number;
}

export type FileKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

/** What a message says of the file it carries. The bytes are kept under the message's id (attachments/). */
export interface FileFacts {
  /** SHA-256 of what the caller gave, in hex: recognises the same file again. */
  source: string;
  /** SHA-256 of the URL it was given by, if it was. */
  address?: string;
  bytes: number;
  mimetype: string;
  /** How long a video or audio lasts. */
  seconds?: number;
  width?: number;
  height?: number;
  /** A small JPEG of a picture or a video, in base64. */
  thumbnail?: string;
  /** How loud a voice message is over its time: 64 bytes from 0 to 100, in base64. */
  waveform?: string;
  /** A sticker that moves. */
  animated?: true;
  /** A video that was a GIF, and plays over and over. */
  loops?: true;
}

export interface FileContent {
  kind: FileKind;
  file: FileFacts;
  /** Words below an image, a video or a document. */
  caption?: string;
  /** People named in the caption as `@<number>`. */
  mentions?: Jid[];
  /** Of a document. */
  fileName?: string;
  /** A video that plays over and over, without sound. */
  gif?: true;
  /** A video shown round, as recorded in the chat. */
  note?: true;
  /** An image, a video or a voice message that is shown once. */
  viewOnce?: true;
}

/** A message of another chat, passed on. */
export interface ForwardContent {
  kind: 'forward';
  of: MessageId;
  /** The chat it was in; null for one this session sent. */
  chat: Jid | null;
  /** The message to send as it goes over the wire, in base64: what it was made of may be forgotten by then. */
  message: string;
  /** What it says. */
  text: string;
  poll: boolean;
}

export interface ReactionContent {
  kind: 'reaction';
  messageId: MessageId;
  /** One emoji; empty takes the reaction back. */
  emoji: string;
}

export interface EditContent {
  kind: 'edit';
  messageId: MessageId;
  text: string;
}

export interface DeleteContent {
  kind: 'delete';
  messageId: MessageId;
}

export type Content =
  | TextContent
  | LocationContent
  | ContactsContent
  | PollContent
  | FileContent
  | ForwardContent
  | ReactionContent
  | EditContent
  | DeleteContent;

/** A message somebody refers to: to answer, to react to, to change. */
export interface MessageRef {
  messageId: string;
  /** What it said; empty for a message without words. */
  text: string;
  fromMe: boolean;
  /** Who wrote it, in a group. */
  participant?: string;
  /** All of it, as it went over the wire, in base64: for the answer to show; missing for what is not to be shown again. */
  message?: string;
}

/** The message a content is about, when it is about one. */
export const targetOf = (content: Content): MessageId | undefined =>
  'messageId' in content ? content.messageId : undefined;

/** The words a person would have typed for it. */
export function wordsOf(content: Content): string {
  if (isFile(content)) return content.caption ?? '';
  switch (content.kind) {
    case 'text':
    case 'edit':
    case 'forward':
      return content.text;
    case 'poll':
      return [content.question, ...content.options].join(' ');
    case 'location':
      return content.name ?? '';
    case 'contacts':
    case 'reaction':
    case 'delete':
      return '';
    default:
      return content satisfies never;
  }
}

/** How a person makes it: types it, records it, picks it (and types what goes with it), or taps on something. */
export interface Making {
  kind: 'typed' | 'recorded' | 'picked' | 'tapped';
  /** Characters that are typed. */
  length: number;
  /** How long a recording is; 0 for everything else, and when it is not known. */
  seconds: number;
}

export function makingOf(content: Content): Making {
  const length = wordsOf(content).length;
  if (isFile(content)) {
    const { kind, file } = content;
    return kind === 'voice'
      ? { kind: 'recorded', length, seconds: file.seconds ?? 0 }
      : { kind: 'picked', length, seconds: 0 };
  }
  switch (content.kind) {
    case 'text':
    case 'edit':
    case 'poll':
      return { kind: 'typed', length, seconds: 0 };
    case 'location':
    case 'contacts':
    case 'forward':
      // Their words come with what was picked.
      return { kind: 'picked', length: 0, seconds: 0 };
    case 'reaction':
    case 'delete':
      return { kind: 'tapped', length: 0, seconds: 0 };
    default:
      return content satisfies never;
  }
}

export const isFile = (content: Content): content is FileContent => 'file' in content;

/** What makes a message the same as another: what the caller gave, not what was made of it. */
export function identityOf(content: Content): object {
  if (isFile(content)) return { ...content, file: content.file.source };
  if (content.kind === 'text') return { ...content, preview: null };
  return content.kind === 'forward' ? { kind: content.kind, of: content.of, chat: content.chat } : content;
}

/** What was asked for, to recognise the same request again: a URL can give another file each time, and names it too. */
export function requestOf(content: Content): object {
  const address = isFile(content) ? content.file.address : undefined;
  return address === undefined ? identityOf(content) : { ...content, file: address, fileName: null };
}

/** Whether the same to the same recipient again is no nuisance: acts on a message are not repeated words. */
export const isRepeatable = ({ kind }: Content): boolean => kind === 'reaction' || kind === 'edit' || kind === 'delete';
