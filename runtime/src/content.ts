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
}

/** The message a content is about, when it is about one. */
export const targetOf = (content: Content): MessageId | undefined =>
  'messageId' in content ? content.messageId : undefined;

/** The words a person would have typed for it. */
export function wordsOf(content: Content): string {
  switch (content.kind) {
    case 'text':
    case 'edit':
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
  switch (content.kind) {
    case 'text':
    case 'edit':
    case 'poll':
      return { kind: 'typed', length, seconds: 0 };
    case 'location':
    case 'contacts':
      // Their words come with what was picked.
      return { kind: 'picked', length: 0, seconds: 0 };
    case 'reaction':
    case 'delete':
      return { kind: 'tapped', length: 0, seconds: 0 };
    default:
      return content satisfies never;
  }
}

/** Whether the same to the same recipient again is no nuisance: acts on a message are not repeated words. */
export const isRepeatable = ({ kind }: Content): boolean => kind === 'reaction' || kind === 'edit' || kind === 'delete';
