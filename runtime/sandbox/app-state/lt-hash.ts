/**
 * The hash of a whole collection, to which single entries are added and from which they are taken in any order:
 * sixty-four sums of sixteen bits, each over a part of every entry's expanded MAC. Written from the format,
 * independently of the library the client uses, so that agreement proves something.
 */
import { hkdfSync } from 'node:crypto';

export const LT_HASH_BYTES = 128;
const INFO = 'WhatsApp Patch Integrity';

/** The hash with some entries, given by their value MACs, taken out and others put in. */
export function changedHash(hash: Buffer, out: readonly Uint8Array[], put: readonly Uint8Array[]): Buffer {
  const sum = Buffer.from(hash);
  for (const entry of out) combine(sum, entry, -1);
  for (const entry of put) combine(sum, entry, 1);
  return sum;
}

function combine(sum: Buffer, entry: Uint8Array, sign: 1 | -1): void {
  const expanded = Buffer.from(hkdfSync('sha256', entry, Buffer.alloc(0), INFO, LT_HASH_BYTES));
  for (let at = 0; at < LT_HASH_BYTES; at += 2) {
    sum.writeUInt16LE((sum.readUInt16LE(at) + sign * expanded.readUInt16LE(at)) & 0xffff, at);
  }
}
