/** The text inside a linking QR code, as WhatsApp Web shows it. */

const PREFIX = 'https://wa.me/settings/linked_devices#';
const KEY_BYTES = 32;

export interface LinkingCode {
  readonly reference: string;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  /** The secret that only the camera sees: what seals the account's signature for this client. */
  readonly advSecret: Buffer;
}

/** Reads a code. Throws when the text is not a WhatsApp linking code. */
export function readQr(text: string): LinkingCode {
  const [reference, ...keys] = text.startsWith(PREFIX) ? text.slice(PREFIX.length).split(',') : [];
  const [noiseKey, identityKey, advSecret] = keys.map((key) => Buffer.from(key, 'base64'));
  const whole = [noiseKey, identityKey, advSecret].every((key) => key?.length === KEY_BYTES);
  if (!reference || !noiseKey || !identityKey || !advSecret || !whole) {
    throw new Error('This is not a WhatsApp linking QR code');
  }
  return { reference, noiseKey, identityKey, advSecret };
}
