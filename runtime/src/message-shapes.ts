/** What can be in a message, as events tell it. */
import type { Jid, MessageId } from './ids.ts';

/** What a message is. `unsupported` is any kind this version does not describe; what words it has are in `text`. */
export type MessageKind =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'voice'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contacts'
  | 'poll'
  | 'unsupported';

/** A file that came with a message. */
export interface Media {
  /** As the sender's phone says. */
  mimetype: string;
  /** Size in bytes; null when the sender's phone did not say. */
  bytes: number | null;
  /** SHA-256 of the file, hex. */
  sha256: string | null;
  fileName: string | null;
  /** Length of sound or film. */
  seconds: number | null;
  width: number | null;
  height: number | null;
  /** A film that plays silently in a loop. */
  gif: boolean;
  /**
   * Where this runtime gives the file out, such as `/media/sales/m_…`, to who has the API key: at the address of the runtime's
   * API, within 14 days. Fetched from WhatsApp when it is first asked for. Null when it cannot be fetched.
   */
  url: string | null;
}

/** A place. */
export interface Place {
  latitude: number;
  longitude: number;
  name: string | null;
  address: string | null;
  /** True while the sender shares where they are going. */
  live: boolean;
}

/** A contact card. */
export interface Card {
  name: string;
  /** `+<digits>` or as the card has it. */
  phones: string[];
  vcard: string;
}

export interface Poll {
  question: string;
  options: string[];
  /** How many options one person may choose; 0 is any number. */
  selectable: number;
}

/** The message this one answers. */
export interface Quoted {
  messageId: MessageId;
  text: string;
  kind: MessageKind;
  /** Who wrote it, when it was told. */
  author: Jid | null;
}

/** Where somebody came from who wrote by an advertisement or a link (click to WhatsApp). */
export interface Lead {
  title: string | null;
  body: string | null;
  /** `ad`, `post` and the like. */
  sourceType: string | null;
  sourceId: string | null;
  sourceUrl: string | null;
  /** Meta's click id. */
  clickId: string | null;
  ref: string | null;
  /** Which app and which entry led here, as WhatsApp names them. */
  app: string | null;
  entryPoint: string | null;
}
