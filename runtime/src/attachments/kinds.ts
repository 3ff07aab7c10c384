/** What WhatsApp's phones show of each kind of file. */
import type { FileKind } from '../content.ts';

/** MIME types as they are recognised by the bytes, and as the message says them. A document may be anything. */
const SHOWN: Record<Exclude<FileKind, 'document'>, Record<string, string>> = {
  image: { 'image/jpeg': 'image/jpeg', 'image/png': 'image/png' },
  video: { 'video/mp4': 'video/mp4', 'video/x-m4v': 'video/mp4', 'video/3gpp': 'video/3gpp' },
  audio: {
    'audio/mpeg': 'audio/mpeg',
    'audio/mp4': 'audio/mp4',
    'audio/x-m4a': 'audio/mp4',
    'audio/aac': 'audio/aac',
    'audio/amr': 'audio/amr',
    'audio/ogg; codecs=opus': 'audio/ogg; codecs=opus',
  },
  voice: { 'audio/ogg; codecs=opus': 'audio/ogg; codecs=opus' },
  sticker: { 'image/webp': 'image/webp' },
};

/** The MIME type a message says for a file of this kind; null when phones would not show it. */
export const shownType = (kind: Exclude<FileKind, 'document'>, found: string): string | null =>
  SHOWN[kind][found] ?? null;

/** What may be sent as this kind, for people. */
export const takenTypes = (kind: Exclude<FileKind, 'document'>): string =>
  [...new Set(Object.values(SHOWN[kind]))].join(', ');
