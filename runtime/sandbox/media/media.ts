/** The media host: encrypted files, kept where messages say, and what a client needs to know to reach them. */
import { randomBytes } from 'node:crypto';
import { MediaFaults } from './media-faults.ts';

export { carriedFile, fileMessage, openFile } from './files.ts';
export type { FileKind, FileToSend } from './files.ts';
export { MediaFaults } from './media-faults.ts';

/** The kinds of files as upload paths name them (`/mms/<kind>/<token>`); what is none of these is refused. */
export const MEDIA_FOLDERS = ['image', 'video', 'audio', 'document', 'md-app-state', 'md-msg-hist'] as const;
export type MediaFolder = (typeof MEDIA_FOLDERS)[number];

/** Where a file is, as a message says it. */
export interface MediaPlace {
  readonly url: string;
  readonly directPath: string;
}

/** WhatsApp's own folders, by kind; clients take paths as they are. */
const FOLDERS: Readonly<Record<MediaFolder, string>> = {
  image: 't62.7118-24',
  video: 't62.7161-24',
  audio: 't62.7117-24',
  document: 't62.7119-24',
  'md-app-state': 't62.13320-24',
  'md-msg-hist': 't62.36147-24',
};

interface Kept {
  readonly folder: MediaFolder;
  readonly bytes: Buffer;
}

export class Media {
  readonly faults = new MediaFaults();
  /** What uploads are to show; clients learn it by asking for their media connection. */
  readonly auth = randomBytes(24).toString('base64url');
  /** Host and port; known once the host listens. */
  hostname = '';
  readonly #files = new Map<string, Kept>();
  /** What phones still have when the host has it no more. */
  readonly #copies = new Map<string, Kept>();

  /** Keeps a file and says where. Every upload has a place of its own, that cannot be guessed. */
  keep(folder: MediaFolder, bytes: Buffer): MediaPlace {
    const name = randomBytes(16).toString('hex');
    const directPath = `/v/${FOLDERS[folder]}/${name}_n.enc?ccb=11-4&oh=${randomBytes(12).toString('hex')}&_nc_sid=5e03e0`;
    this.#files.set(directPath, { folder, bytes });
    this.#copies.set(directPath, { folder, bytes });
    return { url: this.urlOf(directPath), directPath };
  }

  urlOf(directPath: string): string {
    return `https://${this.hostname}${directPath}`;
  }

  /** Uploads again, to a new place, what was once at a path; null for what nobody has. */
  keepAgain(directPath: string): MediaPlace | null {
    const copy = this.#copies.get(directPath);
    return copy ? this.keep(copy.folder, copy.bytes) : null;
  }

  /** The file at a path; undefined for one that is gone or never was. */
  find(directPath: string): Buffer | undefined {
    return this.#files.get(directPath)?.bytes;
  }

  /** Removes a file, as WhatsApp does after some weeks. False when there was none. */
  forget(directPath: string): boolean {
    return this.#files.delete(directPath);
  }
}
