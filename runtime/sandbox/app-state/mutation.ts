/**
 * One change of app state under its key: encrypted, with a MAC over the value and one that stands for the index; and
 * the MACs over a patch and over a whole collection. The server sees none of the content.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';

const { SyncActionData, SyncdMutation } = proto;
const KEY_BYTES = 32;
const MAC_BYTES = 32;
const IV_BYTES = 16;
const INFO = 'WhatsApp Mutation Keys';

export type Operation = proto.SyncdMutation.SyncdOperation;
export const { SET, REMOVE } = SyncdMutation.SyncdOperation;

/** A key an account's devices share, and the five it stands for. */
export class AppStateKey {
  readonly id: Buffer;
  readonly data: Buffer;
  readonly index: Buffer;
  readonly value: Buffer;
  readonly valueMac: Buffer;
  readonly snapshotMac: Buffer;
  readonly patchMac: Buffer;

  constructor(id: Buffer, data: Buffer) {
    this.id = id;
    this.data = data;
    const all = Buffer.from(hkdfSync('sha256', data, Buffer.alloc(0), INFO, 5 * KEY_BYTES));
    const part = (place: number) => all.subarray(place * KEY_BYTES, (place + 1) * KEY_BYTES);
    [this.index, this.value, this.valueMac, this.snapshotMac, this.patchMac] = [0, 1, 2, 3, 4].map(part) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
  }
}

/** What a change is about: its index, such as `['archive', jid]`, and what is said of that. */
export interface Action {
  readonly index: readonly string[];
  readonly value: proto.ISyncActionValue;
  /** The version of this kind of action, which WhatsApp raises when its meaning changes. */
  readonly version: number;
}

export function sealMutation(key: AppStateKey, operation: Operation, { index, value, version }: Action) {
  const indexBytes = Buffer.from(JSON.stringify(index));
  const data = SyncActionData.encode({ index: indexBytes, value, padding: Buffer.alloc(0), version }).finish();
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-cbc', key.value, iv);
  const sealed = Buffer.concat([iv, cipher.update(data), cipher.final()]);
  const valueMac = macOfValue(key, operation, sealed);
  return SyncdMutation.create({
    operation,
    record: {
      index: { blob: hmac(key.index, indexBytes) },
      value: { blob: Buffer.concat([sealed, valueMac]) },
      keyId: { id: key.id },
    },
  });
}

export interface OpenedMutation extends Action {
  readonly operation: Operation;
  readonly indexMac: Buffer;
  readonly valueMac: Buffer;
}

/** Checks and decrypts a change. Throws saying which MAC is wrong. */
export function openMutation(key: AppStateKey, { operation, record }: proto.ISyncdMutation): OpenedMutation {
  const done = operation ?? SET;
  const blob = bytes(record?.value?.blob);
  const [sealed, valueMac] = [blob.subarray(0, -MAC_BYTES), blob.subarray(-MAC_BYTES)];
  if (!key.id.equals(bytes(record?.keyId?.id))) throw new Error('a change under a key the phone never gave');
  requireEqual(macOfValue(key, done, sealed), valueMac, 'the MAC of a value');
  const { index, value, version } = SyncActionData.decode(decrypt(key, sealed));
  const indexMac = bytes(record?.index?.blob);
  requireEqual(hmac(key.index, bytes(index)), indexMac, 'the MAC of an index');
  const parsed = JSON.parse(bytes(index).toString()) as string[];
  return { operation: done, index: parsed, value: value ?? {}, version: version ?? 0, indexMac, valueMac };
}

function decrypt(key: AppStateKey, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key.value, sealed.subarray(0, IV_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES)), decipher.final()]);
}

const bytes = (given: Uint8Array | null | undefined): Buffer => Buffer.from(given ?? []);

/** The MAC over a collection at a version. */
export const macOfSnapshot = (key: AppStateKey, hash: Buffer, version: number, collection: string): Buffer =>
  hmac(key.snapshotMac, hash, bigEndian(version), Buffer.from(collection));

/** The MAC over a patch that makes this version. */
export function macOfPatch(key: AppStateKey, patch: proto.ISyncdPatch, version: number, collection: string): Buffer {
  const valueMacs = (patch.mutations ?? []).map(({ record }) => bytes(record?.value?.blob).subarray(-MAC_BYTES));
  return hmac(key.patchMac, bytes(patch.snapshotMac), ...valueMacs, bigEndian(version), Buffer.from(collection));
}

export function requireEqual(expected: Buffer, given: Uint8Array | null | undefined, what: string): void {
  const found = bytes(given);
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) throw new Error(`${what} is wrong`);
}

/** Operation and key id come before the value, and their length after it. */
function macOfValue(key: AppStateKey, operation: Operation, sealed: Buffer): Buffer {
  const associated = Buffer.concat([Buffer.from([operation === SET ? 1 : 2]), key.id]);
  const mac = createHmac('sha512', key.valueMac).update(associated).update(sealed).update(bigEndian(associated.length));
  return mac.digest().subarray(0, MAC_BYTES);
}

function hmac(key: Buffer, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function bigEndian(value: number): Buffer {
  const written = Buffer.alloc(8);
  written.writeBigUInt64BE(BigInt(value));
  return written;
}
