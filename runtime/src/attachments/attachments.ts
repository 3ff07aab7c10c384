/**
 * Files on their way out: taken in when a message is accepted, checked against what WhatsApp takes, and kept sealed with the
 * session's key, under the message's id, until the message has gone.
 */
import type { Readable } from 'node:stream';
import type { FileFacts, FileKind } from '../content.ts';
import type { MessageId, SessionId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import { Intake } from './intake.ts';
import { Shelf } from './shelf.ts';

/** A file as a caller gives it. */
export interface GivenFile {
  kind: FileKind;
  base64: string;
  /** What the caller says it is, for a document whose bytes do not show it. */
  mimetype?: string | undefined;
}

/** A file that was taken in, for a message that is not accepted yet. */
export interface TakenFile {
  facts: FileFacts;
  /** Keeps it for this message; after that a crash loses it no more. */
  keep(id: MessageId): Promise<void>;
  /** Removes it unless it was kept. */
  discard(): Promise<void>;
}

export interface AttachmentsDeps {
  /** Where the sessions have their directories. */
  directory: string;
  /** Throws `session_not_linked`. */
  sealOf(session: SessionId): Seal;
  settings: { maxBytes: number };
}

export interface Attachments {
  /**
   * Takes a file in; sealed on the disk when it resolves. Throws `invalid_request`, `file_too_large`, `file_not_usable`,
   * `session_not_linked`.
   */
  take(session: SessionId, given: GivenFile): Promise<TakenFile>;
  /** The bytes kept for a message. The stream fails when there are none, or the session's key is another by now. */
  open(session: SessionId, id: MessageId): Readable;
  /** The message has gone, or will not go. */
  remove(session: SessionId, id: MessageId): Promise<void>;
  /** Removes what a crash left: files of no message, and those `isWaiting` does not name. Before anything is taken in. */
  tidy(session: SessionId, isWaiting: (id: MessageId) => Promise<boolean>): Promise<void>;
}

export function createAttachments({ directory, sealOf, settings }: AttachmentsDeps): Attachments {
  const shelf = new Shelf(directory, sealOf);
  const intake = new Intake(shelf, settings.maxBytes);
  return {
    take: (session, given) => intake.take(session, given),
    open: (session, id) => shelf.open(session, id),
    remove: (session, id) => shelf.remove(session, id),
    tidy: (session, isWaiting) => shelf.tidy(session, isWaiting),
  };
}
