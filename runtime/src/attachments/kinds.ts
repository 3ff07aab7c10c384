/** What WhatsApp's phones show of each kind of file, and what else can be made into it. */
import type { FileKind } from '../content.ts';

/** All but documents, which may be anything. */
export type ShownKind = Exclude<FileKind, 'document'>;

/** MIME types by the bytes, and as the message says them: sent as they are. */
const SHOWN: Record<ShownKind, Record<string, string>> = {
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

/**
 * How ffmpeg is to read each type. It is told, and does not find out by itself: among what it would recognise are playlists,
 * which name other files to be read.
 */
const SOUND_FORMATS: Record<string, string> = {
  'audio/mpeg': 'mp3',
  'audio/mp4': 'mov',
  'audio/x-m4a': 'mov',
  'audio/aac': 'aac',
  'audio/amr': 'amr',
  'audio/ogg': 'ogg',
  'audio/ogg; codecs=opus': 'ogg',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/aiff': 'aiff',
  'audio/x-ms-asf': 'asf',
};
const FILM_FORMATS: Record<string, string> = {
  'video/mp4': 'mov',
  'video/x-m4v': 'mov',
  'video/quicktime': 'mov',
  'video/3gpp': 'mov',
  'video/3gpp2': 'mov',
  'video/webm': 'matroska',
  'video/matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/ogg': 'ogg',
  'video/x-ms-asf': 'asf',
  'image/gif': 'gif',
};

/** What is made into the kind, besides what is sent as it is. */
const MADE_OF: Record<ShownKind, string[]> = {
  image: ['image/webp', 'image/avif', 'image/tiff'],
  video: Object.keys(FILM_FORMATS),
  audio: [...Object.keys(SOUND_FORMATS), 'video/webm'],
  voice: [...Object.keys(SOUND_FORMATS), ...Object.keys(FILM_FORMATS).filter((type) => type !== 'image/gif')],
  sticker: ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'],
};

/** The MIME type a message says for a file that is sent as it is; null for one that phones would not show so. */
export const shownType = (kind: ShownKind, found: string): string | null => SHOWN[kind][found] ?? null;

export const canBeMade = (kind: ShownKind, found: string): boolean => MADE_OF[kind].includes(found);

/** What may be sent as this kind, for people. */
export const takenTypes = (kind: ShownKind): string =>
  [...new Set([...Object.keys(SHOWN[kind]), ...MADE_OF[kind]])].join(', ');

/** ffmpeg's name for how a type is read. */
export function formatOf(found: string): string {
  const format = SOUND_FORMATS[found] ?? FILM_FORMATS[found];
  if (format === undefined) throw new Error(`${found} is not for ffmpeg`);
  return format;
}
