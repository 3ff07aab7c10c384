/** How stanzas tell that somebody's devices, or the keys of somebody's phone, have changed. */
import { createHash } from 'node:crypto';
import type { Person } from '../directory.ts';
import { node, now } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

/** Bytes of the digest by which clients compare lists of devices. */
const HASH_BYTES = 6;

/** A device that was added or removed, with the list of those that count now, signed by the phone. */
export function deviceNews(person: Person, change: 'add' | 'remove', id: number, keyIndexes: Buffer): Stanza {
  const attrs: Stanza['attrs'] = { jid: personalAddress(person, id), 'key-index': String(id) };
  if (!person.hidesNumber) attrs['lid'] = person.addressOn(id, 'lid');
  const list = node('key-index-list', { ts: now() }, keyIndexes);
  return node(change, { device_hash: deviceHash(person) }, [node('device', attrs), list]);
}

/** An account's whole list, as its own devices get it. */
export function ownDeviceNews(person: Person, keyIndexes: Buffer): Stanza {
  const devices = [...person.devices.values()].map(({ id, keyIndex }) =>
    node('device', { jid: person.addressOn(id, 'pn'), ...(id !== 0 && { 'key-index': String(keyIndex) }) }),
  );
  const list = node('key-index-list', { ts: now() }, keyIndexes);
  return node('devices', { dhash: deviceHash(person), ts: now() }, [...devices, list]);
}

export const identityNews = (): Stanza => node('identity');

/** By number, unless nobody is told that. */
export const personalAddress = (person: Person, device = 0): string =>
  person.addressOn(device, person.hidesNumber ? 'lid' : 'pn');

function deviceHash(person: Person): string {
  const addresses = [...person.devices.keys()].map((id) => personalAddress(person, id)).toSorted();
  const digest = createHash('sha256').update(addresses.join('')).digest();
  return `2:${digest.subarray(0, HASH_BYTES).toString('base64')}`;
}
