/**
 * Signatures that rc14 does not check (B3), checked here.
 *
 * `Curve.verify` of the client throws the library's answer away, so that any 64 bytes pass: as the certificate chain of the
 * server it speaks with, and as the account's word for this device. And libsignal skips the signature of a recipient's
 * signed pre-key when a session begins (src/curve.js:141), so that a server could hand out keys of its own.
 *
 * XEdDSA (Signal's specification, 3.2) is Ed25519 on the key's Edwards form, so node:crypto does the arithmetic: a
 * check costs a tenth of what the client's own, ignored, one does.
 */
import { createPublicKey, verify } from 'node:crypto';
import { Curve, KEY_BUNDLE_TYPE, type SocketConfig } from '@whiskeysockets/baileys';

type MakeRepository = SocketConfig['makeSignalRepository'];

const PRIME = 2n ** 255n - 19n;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TOP_BIT = 0x80;

/** Makes the client check what it claims to. To be called before the first connection; calling it again does no harm. */
export function checkSignatures(): void {
  Curve.verify = (publicKey, message, signature) => isSignedBy(publicKey, message, signature);
}

/** Wraps the Signal layer so that a session begins only with keys that the recipient's identity signed. */
export function checkPreKeys(make: MakeRepository): MakeRepository {
  return (...args) => {
    const inner = make(...args);
    return {
      ...inner,
      injectE2ESession: async (opts) => {
        const { identityKey, signedPreKey } = opts.session;
        if (!isSignedBy(identityKey, signedPreKey.publicKey, signedPreKey.signature)) {
          throw new Error("the keys the server gave for a recipient are not signed by the recipient's identity");
        }
        await inner.injectE2ESession(opts);
      },
    };
  };
}

/** Whether the holder of the Curve25519 key, with or without Signal's type byte, signed exactly these bytes. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKey.length === KEY_BYTES + KEY_BUNDLE_TYPE.length ? publicKey.subarray(1) : publicKey;
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const edwards = toEdwards(key);
  if (!edwards) return false;
  const plain = Buffer.from(signature);
  const last = plain[SIGNATURE_BYTES - 1] ?? 0;
  // The signature's top bit carries the sign of the key's Edwards form.
  edwards[KEY_BYTES - 1] = (edwards[KEY_BYTES - 1] ?? 0) | (last & TOP_BIT);
  plain[SIGNATURE_BYTES - 1] = last & ~TOP_BIT;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: edwards.toString('base64url') };
  return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), plain);
}

/** y = (u - 1) / (u + 1), little-endian; null for the one point that has no Edwards form. */
function toEdwards(montgomery: Uint8Array): Buffer | null {
  const u = BigInt(`0x${Buffer.from(montgomery).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  if (u >= PRIME - 1n) return null;
  const y = ((u - 1n + PRIME) * inverse(u + 1n)) % PRIME;
  return Buffer.from(y.toString(16).padStart(2 * KEY_BYTES, '0'), 'hex').reverse();
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint): bigint {
  let [rest, next] = [PRIME, value];
  let [factor, nextFactor] = [0n, 1n];
  while (next > 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return ((factor % PRIME) + PRIME) % PRIME;
}
