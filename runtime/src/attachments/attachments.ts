/**
 * Files on their way out: taken in when a message is accepted, checked against what WhatsApp takes, and kept sealed with the
 * session's key, under the message's id, until the message has gone.
 */
import type { Readable } from 'node:stream';
import type { FileFacts, FileKind, LinkPreview } from '../content.ts';
import { toError } from '../errors.ts';
import type { MessageId, SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Seal } from '../seal.ts';
import type { FetchWay } from './fetching.ts';
import { Ffmpeg } from './ffmpeg.ts';
import { Intake, sha256 } from './intake.ts';
import { firstAddress, previewOf } from './link-preview.ts';
import { Shelf } from './shelf.ts';

/** A file as a caller gives it. */
export interface GivenFile {
  kind: FileKind;
  from: { base64: string } | { url: string } | { stream: AsyncIterable<Uint8Array> };
  /** What the caller says of a document. */
  mimetype?: string | undefined;
  fileName?: string | undefined;
  /** A video that is to play over and over. */
  loop?: boolean | undefined;
}

/** A file that was taken in, for a message that is not accepted yet. */
export interface TakenFile {
  facts: FileFacts;
  /** What the caller said, or its address gives, or one made up. */
  fileName: string;
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
  /** Where files that are given by a URL are fetched: through the session's proxy if it has one. */
  wayFor(session: SessionId): FetchWay;
  log: Logger;
  settings: { maxBytes: number; fetchTimeoutMs: number; ffmpeg: string };
}

export interface Attachments {
  /**
   * Takes a file in; sealed on the disk when it resolves. Throws `invalid_request`, `invalid_file_url`, `address_not_allowed`,
   * `file_not_fetched`, `file_too_large`, `file_not_usable`, `ffmpeg_missing`, `session_not_linked`, and what a stream that was given throws.
   */
  take(session: SessionId, given: GivenFile): Promise<TakenFile>;
  /** What shows of the first web address in a text; null when there is none, or its page cannot be had. Never throws. */
  preview(session: SessionId, text: string): Promise<LinkPreview | null>;
  /** The bytes kept for a message. The stream fails with `file_lost` when there are none, or the session's key is another. */
  open(session: SessionId, id: MessageId): Readable;
  /** The message has gone, or will not go. */
  remove(session: SessionId, id: MessageId): Promise<void>;
  /** Removes what a crash left: files of no message, and those `isWaiting` does not name. Before anything is taken in. */
  tidy(session: SessionId, isWaiting: (id: MessageId) => Promise<boolean>): Promise<void>;
  /** Ends conversions; what waits for one fails with `unavailable`. */
  stop(): void;
}

/** What stands for a URL in `FileFacts.address`: addresses can hold secrets. */
export const addressOf = (url: string): string => sha256(url);

export function createAttachments(deps: AttachmentsDeps): Attachments {
  const shelf = new Shelf(deps.directory, deps.sealOf);
  const ffmpeg = new Ffmpeg(deps.settings.ffmpeg);
  const intake = new Intake(shelf, ffmpeg, deps);
  return {
    take: (session, given) => intake.take(session, given),
    preview: (session, text) => preview(deps, session, text),
    open: (session, id) => shelf.open(session, id),
    remove: (session, id) => shelf.remove(session, id),
    tidy: (session, isWaiting) => shelf.tidy(session, isWaiting),
    stop: () => ffmpeg.stop(),
  };
}

async function preview(
  { wayFor, log }: AttachmentsDeps,
  session: SessionId,
  text: string,
): Promise<LinkPreview | null> {
  const address = firstAddress(text);
  if (address === null) return null;
  const way = wayFor(session);
  try {
    return await previewOf(way, address);
  } catch (error) {
    log.debug({ err: toError(error), sessionId: session }, 'a link is sent without a preview');
    return null;
  } finally {
    await way.close();
  }
}
