/** The file a message carries: what it is, where WhatsApp has it, and what opens it. Pure. */
import { normalizeMessageContent, proto, type MediaType } from '@whiskeysockets/baileys';
import type { RemotePlace } from '../../session/session.ts';

/** What all messages with files have in common. */
interface WithFile {
  url?: string | null;
  directPath?: string | null;
  mediaKey?: Uint8Array | null;
  fileSha256?: Uint8Array | null;
  fileEncSha256?: Uint8Array | null;
  fileLength?: unknown;
  mimetype?: string | null;
  fileName?: string | null;
  title?: string | null;
}

export interface RemoteFile extends RemotePlace {
  /** Names the keys that are made of the media key. */
  type: MediaType;
  mediaKey: Uint8Array;
  sha256: Buffer | null;
  encryptedSha256: Buffer | null;
  /** Size in bytes; null when the sender's phone did not say. */
  bytes: number | null;
  mimetype: string;
  fileName: string | null;
}

/** The kinds of content that carry a file, with the client's name for their keys (Defaults/index.js, MEDIA_HKDF_KEY_MAPPING). */
const TYPES = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'video',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
} as const satisfies Partial<Record<keyof proto.IMessage, MediaType>>;

const bytesOf = (value: Uint8Array | null | undefined): Buffer | null => (value?.length ? Buffer.from(value) : null);

/** Null for a message without a file, and for one that does not say where the file is and what opens it. */
export function remoteFile(message: proto.IMessage): RemoteFile | null {
  const { file, type } = carrierIn(message) ?? {};
  if (!file?.mediaKey?.length || !file.directPath || !type) return null;
  return {
    ...{ type, mediaKey: file.mediaKey, directPath: file.directPath, url: file.url || null },
    sha256: bytesOf(file.fileSha256),
    encryptedSha256: bytesOf(file.fileEncSha256),
    bytes: file.fileLength ? Number(file.fileLength) : null,
    mimetype: file.mimetype || 'application/octet-stream',
    fileName: file.fileName || file.title || null,
  };
}

/** The message with its file at another path. */
export function moved(message: proto.IMessage, directPath: string): proto.IMessage {
  const copy = proto.Message.decode(proto.Message.encode(message).finish());
  const carrier = carrierIn(copy);
  if (carrier) carrier.file.directPath = directPath;
  return copy;
}

function carrierIn(message: proto.IMessage): { file: WithFile; type: MediaType } | null {
  const content = normalizeMessageContent(message) ?? {};
  for (const [carrier, type] of Object.entries(TYPES)) {
    const file = content[carrier as keyof typeof TYPES] as WithFile | null | undefined;
    if (file) return { file, type };
  }
  return null;
}
