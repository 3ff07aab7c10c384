/**
 * Asks the account's phone for a file that WhatsApp's hosts have forgotten: it uploads the file again and says where it is
 * now. The client's own `updateMediaMessage` waits for the answer for ever, and changes the message it is given.
 */
import {
  decryptMediaRetryData,
  encryptMediaRetryRequest,
  proto,
  type BaileysEventMap,
  type WASocket,
} from '@whiskeysockets/baileys';
import { RuntimeError } from '../errors.ts';

/** A message with a file, by the key WhatsApp knows it by. */
export interface FileRequest {
  key: proto.IMessageKey;
  mediaKey: Uint8Array;
}

type Answer = BaileysEventMap['messages.media-update'][number];

const { SUCCESS, NOT_FOUND } = proto.MediaRetryNotification.ResultType;

/** The path on WhatsApp's hosts; null when the phone does not have the file. Throws `phone_silent`, `media_unavailable`. */
export async function requestFile(sock: WASocket, { key, mediaKey }: FileRequest, timeoutMs: number) {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const listen = (answers: Answer[]) => {
    const own = answers.find((answer) => answer.key.id === key.id);
    if (own) resolve(own);
  };
  const timer = setTimeout(() => reject(new RuntimeError('phone_silent')), timeoutMs);
  sock.ev.on('messages.media-update', listen);
  try {
    await sock.sendNode(encryptMediaRetryRequest(key, mediaKey, sock.user?.id ?? ''));
    return pathIn(await promise, mediaKey);
  } finally {
    clearTimeout(timer);
    sock.ev.off('messages.media-update', listen);
  }
}

function pathIn({ key, media, error }: Answer, mediaKey: Uint8Array): string | null {
  if (!media) {
    // Without a seal the phone can say only that it does not have it; the client has no other code for this (404).
    if (error?.output.statusCode === 404) return null;
    throw notGiven(error?.message ?? 'without a reason');
  }
  const { result, directPath } = decryptMediaRetryData(media, mediaKey, key.id ?? '');
  if (result === SUCCESS && directPath) return directPath;
  if (result === NOT_FOUND) return null;
  throw notGiven(`result ${result}`);
}

const notGiven = (why: string) =>
  new RuntimeError('media_unavailable', { details: [`the phone did not give the file: ${why}`] });
