/**
 * Media that is no longer where a message says: the client asks its account's phone, which uploads the file again and
 * answers with the new path, both sealed with a key made from the media's own.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import type { LinkedDevice } from './linked-device.ts';
import { bytesOf, child, node, now } from './stanza.ts';
import type { Stanza } from './stanza.ts';
import type { World } from './world.ts';

const { MediaRetryNotification, ServerErrorReceipt } = proto;
const { SUCCESS, NOT_FOUND, DECRYPTION_ERROR } = MediaRetryNotification.ResultType;
const KEY_INFO = 'WhatsApp Media Retry Notification';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Media {
  readonly key: Uint8Array;
  readonly path: string;
}

/** Hands a `server-error` receipt to the account's phone and delivers its answer to the device that asked. */
export function answerMediaRetry(world: World, device: LinkedDevice, request: Stanza): void {
  const { id = '' } = request.attrs;
  const account = world.accounts.get(device.person.phone);
  // A phone without a network answers nobody.
  if (account?.handset.isAway) return;
  const media = account && mediaOf(account.handset.contentOf(id));
  const about = child(request, 'rmr') ?? node('rmr');
  const answer = account && media ? [about, upload(id, media, request, account.uploadsAgain)] : [about, notFound()];
  device.deliver(node('notification', { from: device.person.jid, type: 'mediaretry', id, t: now() }, answer));
}

function upload(id: string, media: Media, request: Stanza, uploadsAgain: (path: string) => string | null): Stanza {
  if (!asksFor(id, media, request)) return sealed(id, media, { result: DECRYPTION_ERROR });
  const directPath = uploadsAgain(media.path);
  return sealed(id, media, directPath === null ? { result: NOT_FOUND } : { result: SUCCESS, directPath });
}

/** Whether the request could only be made by who has the media's key. */
function asksFor(id: string, { key }: Media, request: Stanza): boolean {
  const encrypted = child(request, 'encrypt');
  const payload = bytesOf(child(encrypted, 'enc_p'));
  const iv = bytesOf(child(encrypted, 'enc_iv'));
  if (!payload || !iv) return false;
  try {
    const decipher = createDecipheriv('aes-256-gcm', retryKey(key), iv).setAAD(Buffer.from(id));
    decipher.setAuthTag(payload.subarray(-TAG_BYTES));
    const opened = Buffer.concat([decipher.update(payload.subarray(0, -TAG_BYTES)), decipher.final()]);
    return ServerErrorReceipt.decode(opened).stanzaId === id;
  } catch {
    // What another key, or nobody, sealed.
    return false;
  }
}

function sealed(id: string, { key }: Media, answer: proto.IMediaRetryNotification): Stanza {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', retryKey(key), iv).setAAD(Buffer.from(id));
  const plaintext = MediaRetryNotification.encode({ stanzaId: id, ...answer }).finish();
  const payload = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return node('encrypt', {}, [node('enc_p', {}, payload), node('enc_iv', {}, iv)]);
}

const notFound = (): Stanza => node('error', { code: String(NOT_FOUND) });

const retryKey = (mediaKey: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), KEY_INFO, 32));

function mediaOf(content: proto.IMessage | undefined): Media | undefined {
  const inner = normalizeMessageContent(content);
  const kinds = [inner?.imageMessage, inner?.videoMessage, inner?.audioMessage, inner?.documentMessage];
  const media = [...kinds, inner?.stickerMessage].find((each) => each);
  return media?.mediaKey && media.directPath ? { key: media.mediaKey, path: media.directPath } : undefined;
}
