/** Files of the service itself on the media host: histories and snapshots, sealed as every medium is. */
import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Media } from './media.ts';

const MAC_BYTES = 10;
const KINDS = { 'md-msg-hist': 'WhatsApp History Keys', 'md-app-state': 'WhatsApp App State Keys' } as const;

/** What somebody needs to fetch and open a file. */
export interface ExternalBlob {
  readonly directPath: string;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  /** The length of the sealed file. */
  readonly size: number;
}

/** Seals a file under a key of its own and keeps it on the media host. */
export function keepBlob(media: Media, kind: keyof typeof KINDS, content: Uint8Array): ExternalBlob {
  const mediaKey = randomBytes(32);
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), KINDS[kind], 112));
  const [iv, key, macKey] = [keys.subarray(0, 16), keys.subarray(16, 48), keys.subarray(48, 80)];
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  const mac = createHmac('sha256', macKey).update(iv).update(sealed).digest().subarray(0, MAC_BYTES);
  const file = Buffer.concat([sealed, mac]);
  return {
    directPath: media.keep(kind, file).directPath,
    mediaKey,
    fileSha256: sha256(content),
    fileEncSha256: sha256(file),
    size: file.length,
  };
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
