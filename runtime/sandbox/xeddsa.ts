/**
 * Signal's signatures: Ed25519 under a Curve25519 key, with the sign of the Edwards point in the signature's last bit.
 * Done by Node's crypto: the library below Baileys takes seven milliseconds for one, and `Curve.verify` of Baileys
 * 7.0.0-rc14 ignores what that library answers.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;
/** What precedes the 32 bytes of a public Ed25519 key in DER. */
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
/** What precedes the 32 bytes of a private Ed25519 key in DER: version, algorithm and two lengths. */
const PRIVATE_DER_BYTES = 16;
const SIGN_BIT = 0x80;
const LAST = 31;
/** The prime of the field both forms of the curve are over. */
const P = 2n ** 255n - 19n;

/** A Curve25519 key pair that can also sign. */
export interface SigningKeyPair {
  readonly public: Uint8Array;
  readonly private: Uint8Array;
  sign(message: Uint8Array): Buffer;
}

/** Makes an Ed25519 key and the Curve25519 key that is the same point and scalar in the curve's other form. */
export function generateSigningKeyPair(): SigningKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const edwards = publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.length);
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PRIVATE_DER_BYTES);
  const scalar = createHash('sha512').update(seed).digest().subarray(0, PUBLIC_KEY_BYTES);
  scalar[0] = (scalar[0] ?? 0) & 0xf8;
  scalar[LAST] = ((scalar[LAST] ?? 0) & 0x7f) | 0x40;
  const signBit = (edwards[LAST] ?? 0) & SIGN_BIT;
  const y = readField(edwards);
  return {
    public: writeField((1n + y) * inverse(1n - y)),
    private: scalar,
    sign(message) {
      const signature = sign(null, message, privateKey);
      signature[SIGNATURE_BYTES - 1] = (signature[SIGNATURE_BYTES - 1] ?? 0) | signBit;
      return signature;
    },
  };
}

/** Whether the holder of the 32-byte Curve25519 key signed exactly these bytes. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const plain = Buffer.from(signature);
  const signBit = (plain[SIGNATURE_BYTES - 1] ?? 0) & SIGN_BIT;
  plain[SIGNATURE_BYTES - 1] = (plain[SIGNATURE_BYTES - 1] ?? 0) & ~SIGN_BIT;
  const u = readField(publicKey);
  const edwards = writeField((u - 1n) * inverse(u + 1n));
  edwards[LAST] = (edwards[LAST] ?? 0) | signBit;
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_DER, edwards]), format: 'der', type: 'spki' });
  return verify(null, message, key, plain);
}

/** Little-endian, without the highest bit, which is no part of the number. */
function readField(bytes: Uint8Array): bigint {
  const number = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  return (number & (2n ** 255n - 1n)) % P;
}

function writeField(number: bigint): Buffer {
  const reduced = ((number % P) + P) % P;
  return Buffer.from(reduced.toString(16).padStart(PUBLIC_KEY_BYTES * 2, '0'), 'hex').reverse();
}

/** The inverse in the field, by Euclid. */
function inverse(number: bigint): bigint {
  let [low, high] = [((number % P) + P) % P, P];
  let [x, y] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [x, y] = [y - quotient * x, x];
  }
  return x;
}
