/**
 * The server's side of app state: for each account numbered patches in five collections, whose content it cannot read.
 * A patch is taken only on top of the newest one, and every other device is told that there is one.
 */
import { proto } from '@whiskeysockets/baileys';
import type { Person } from '../directory.ts';
import { newStanzaId, node, now } from '../stanza.ts';

const { SyncdPatch, SyncdSnapshot } = proto;
const { SyncdOperation } = proto.SyncdMutation;

export const COLLECTIONS = [
  'critical_block',
  'critical_unblock_low',
  'regular_high',
  'regular_low',
  'regular',
] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

export const isCollection = (name: string | undefined): name is CollectionName =>
  COLLECTIONS.some((each) => each === name);

/** A patch as devices get it, with the version it makes. */
export interface NumberedPatch {
  readonly version: number;
  readonly patch: Uint8Array;
}

export class Collections {
  readonly #person: Person;
  readonly #patches = new Map<CollectionName, NumberedPatch[]>(COLLECTIONS.map((name) => [name, []]));
  /** Tells the phone, which needs no stanza for it. */
  onPatch: (name: CollectionName) => void = () => undefined;

  constructor(person: Person) {
    this.#person = person;
  }

  version(name: CollectionName): number {
    return this.#of(name).length;
  }

  since(name: CollectionName, version: number): readonly NumberedPatch[] {
    return this.#of(name).slice(version);
  }

  /** Everything in a collection as the newest patch left it; null for one that nothing was ever said in. */
  snapshot(name: CollectionName): Uint8Array | null {
    const patches = this.#of(name).map(({ patch }) => SyncdPatch.decode(patch));
    const newest = patches.at(-1);
    if (!newest) return null;
    const records = new Map<string, proto.ISyncdRecord>();
    for (const { operation, record } of patches.flatMap(({ mutations }) => mutations)) {
      const index = Buffer.from(record?.index?.blob ?? []).toString('hex');
      if (operation === SyncdOperation.REMOVE) records.delete(index);
      else if (record) records.set(index, record);
    }
    return SyncdSnapshot.encode({
      version: { version: patches.length },
      records: [...records.values()],
      mac: newest.snapshotMac,
      keyId: newest.keyId,
    }).finish();
  }

  /**
   * Takes a patch made by one of the account's devices on top of a version. Returns false when that version is not the
   * newest: the device must first take in what it missed.
   */
  push(name: CollectionName, base: number, patch: Uint8Array, byDevice: number): boolean {
    const patches = this.#of(name);
    if (base !== patches.length) return false;
    const version = base + 1;
    patches.push({
      version,
      patch: SyncdPatch.encode({ ...SyncdPatch.decode(patch), version: { version } }).finish(),
    });
    if (byDevice !== 0) this.onPatch(name);
    this.#announce(name, byDevice);
    return true;
  }

  #announce(name: CollectionName, byDevice: number): void {
    const collection = node('collection', { name, version: String(this.version(name)) });
    for (const device of this.#person.devices.values()) {
      if (device.id === 0 || device.id === byDevice) continue;
      const attrs = { from: this.#person.jid, type: 'server_sync', id: newStanzaId(), t: now() };
      device.deliver(node('notification', attrs, [collection]));
    }
  }

  #of(name: CollectionName): NumberedPatch[] {
    return this.#patches.get(name) ?? [];
  }
}
