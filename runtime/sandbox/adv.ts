/** Account-device verification: how an account's phone vouches for a linked device, and the device for itself. */
import { createHmac } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { isSignedBy } from './xeddsa.ts';

const { ADVDeviceIdentity, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC } = proto;

/** What WhatsApp puts before the bytes an account, and a device, signs. */
const ACCOUNT_PREFIX = Buffer.from([6, 0]);
const DEVICE_PREFIX = Buffer.from([6, 1]);

export interface AccountKeys {
  readonly identityKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** The account's signature over a new device, sealed with the secret that only the QR code carried. */
export function vouchFor(account: AccountKeys, deviceKey: Uint8Array, keyIndex: number, advSecret: Buffer) {
  const timestamp = Math.floor(Date.now() / 1000);
  const details = ADVDeviceIdentity.encode({ rawId: 1, timestamp, keyIndex, accountType: 0, deviceType: 0 }).finish();
  const signed = ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.identityKey,
    accountSignature: account.sign(Buffer.concat([ACCOUNT_PREFIX, details, deviceKey])),
  }).finish();
  const hmac = createHmac('sha256', advSecret).update(signed).digest();
  return ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish();
}

/**
 * Checks what a linked device shows as its identity: signed by this account for this device key, and signed back by
 * the device. Throws saying which of it is not so.
 */
export function checkDeviceIdentity(identity: Uint8Array, accountKey: Uint8Array, deviceKey: Uint8Array): void {
  const { details, accountSignature, deviceSignature } = ADVSignedDeviceIdentity.decode(identity);
  if (!details || !accountSignature || !deviceSignature) throw new Error('the device identity is incomplete');
  if (!isSignedBy(accountKey, Buffer.concat([ACCOUNT_PREFIX, details, deviceKey]), accountSignature)) {
    throw new Error('the account did not sign this device');
  }
  if (!isSignedBy(deviceKey, Buffer.concat([DEVICE_PREFIX, details, deviceKey, accountKey]), deviceSignature)) {
    throw new Error('the device did not sign its own identity');
  }
}
