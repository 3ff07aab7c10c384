/** Account-device verification: how an account's phone vouches for a linked device, and the device for itself. */
import { createHmac } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { isSignedBy } from './xeddsa.ts';

const { ADVDeviceIdentity, ADVKeyIndexList, ADVSignedDeviceIdentity } = proto;
const { ADVSignedDeviceIdentityHMAC, ADVSignedKeyIndexList } = proto;

/** What WhatsApp puts before the bytes an account, and a device, signs. */
const ACCOUNT_PREFIX = Buffer.from([6, 0]);
const DEVICE_PREFIX = Buffer.from([6, 1]);
const KEY_INDEX_PREFIX = Buffer.from([6, 2]);

/** Every account's number for its list of devices. */
const RAW_ID = 1;

export interface AccountKeys {
  readonly identityKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** The account's signature over a new device, sealed with the secret that only the QR code carried. */
export function vouchFor(account: AccountKeys, deviceKey: Uint8Array, keyIndex: number, advSecret: Buffer) {
  const signed = ADVSignedDeviceIdentity.encode(signDevice(account, deviceKey, keyIndex)).finish();
  const hmac = createHmac('sha256', advSecret).update(signed).digest();
  return ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish();
}

/** What a device linked to a contact shows of itself: signed by the contact's phone, and signed back. */
export function linkedIdentity(account: AccountKeys, device: AccountKeys, keyIndex: number): Buffer {
  const signed = signDevice(account, device.identityKey, keyIndex);
  const seen = Buffer.concat([DEVICE_PREFIX, signed.details, device.identityKey, account.identityKey]);
  return Buffer.from(ADVSignedDeviceIdentity.encode({ ...signed, deviceSignature: device.sign(seen) }).finish());
}

/** The account's list of the devices that count, as word of a change in it carries it. */
export function signKeyIndexes(account: AccountKeys, validIndexes: number[]): Buffer {
  const currentIndex = Math.max(0, ...validIndexes);
  const list = { rawId: RAW_ID, timestamp: seconds(), currentIndex, validIndexes };
  const details = ADVKeyIndexList.encode(list).finish();
  const accountSignature = account.sign(Buffer.concat([KEY_INDEX_PREFIX, details]));
  return Buffer.from(ADVSignedKeyIndexList.encode({ details, accountSignature }).finish());
}

const seconds = (): number => Math.floor(Date.now() / 1000);

function signDevice(account: AccountKeys, deviceKey: Uint8Array, keyIndex: number) {
  const identity = { rawId: RAW_ID, timestamp: seconds(), keyIndex, accountType: 0, deviceType: 0 };
  const details = ADVDeviceIdentity.encode(identity).finish();
  const accountSignature = account.sign(Buffer.concat([ACCOUNT_PREFIX, details, deviceKey]));
  return { details, accountSignatureKey: account.identityKey, accountSignature };
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
