/** XEdDSA checks that really check: `Curve.verify` of Baileys 7.0.0-rc14 ignores the answer of the library below it. */
import { generateSignalPubKey } from '@whiskeysockets/baileys';
import { verifySignature } from 'libsignal/src/curve.js';

const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

/** Whether the holder of the 32-byte Curve25519 key signed exactly these bytes. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verifySignature(generateSignalPubKey(publicKey), message, signature);
}
