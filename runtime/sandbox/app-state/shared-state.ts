/**
 * The phone's side of app state: it holds the key, says what changes, and takes in what its linked devices say, every
 * MAC checked.
 */
import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import type { CollectionName, Collections } from './collections.ts';
import { COLLECTIONS } from './collections.ts';
import { changedHash, LT_HASH_BYTES } from './lt-hash.ts';
import {
  AppStateKey,
  macOfPatch,
  macOfSnapshot,
  openMutation,
  REMOVE,
  requireEqual,
  sealMutation,
  SET,
} from './mutation.ts';
import type { Action, OpenedMutation, Operation } from './mutation.ts';

const { SyncdPatch } = proto;
const KEY_ID_BYTES = 6;

interface Known {
  version: number;
  hash: Buffer;
  /** The value MAC of each entry, by the MAC of its index. */
  valueMacs: Map<string, Buffer>;
}

/** What the state needs of the phone it is on. */
export interface PhoneView {
  /** Whether the phone is away from the network. */
  isAway(): boolean;
  /** Called with everything that is said, by the phone or a linked device. */
  onAction(value: proto.ISyncActionValue): void;
}

export class SharedState {
  readonly key = new AppStateKey(randomBytes(KEY_ID_BYTES), randomBytes(32));
  /** Why patches of linked devices were not taken in, a sentence each. */
  readonly refused: string[] = [];
  readonly #server: Collections;
  readonly #phone: PhoneView;
  readonly #actions = new Map<string, Action>();
  readonly #known = new Map<CollectionName, Known>();

  constructor(server: Collections, phone: PhoneView) {
    this.#server = server;
    this.#phone = phone;
    for (const name of COLLECTIONS) {
      this.#known.set(name, { version: 0, hash: Buffer.alloc(LT_HASH_BYTES), valueMacs: new Map() });
    }
    server.onPatch = (name) => this.#pull(name);
  }

  /** What was last said about an index, such as `['archive', jid]`; undefined when nothing was. */
  find(...index: readonly string[]): proto.ISyncActionValue | undefined {
    return this.#actions.get(JSON.stringify(index))?.value;
  }

  /** Every index that begins so, with what was last said about it. */
  all(kind: string): readonly Action[] {
    return [...this.#actions.values()].filter(({ index }) => index[0] === kind);
  }

  /** Says something about an index, to every linked device. */
  set(name: CollectionName, index: readonly string[], value: proto.ISyncActionValue, version: number): void {
    this.#change(name, SET, { index, value: { ...value, timestamp: Date.now() }, version });
  }

  /** Takes back what was said about an index. Throws when nothing was. */
  remove(name: CollectionName, index: readonly string[]): void {
    const action = this.#actions.get(JSON.stringify(index));
    if (!action) throw new Error(`nothing is known of ${JSON.stringify(index)}`);
    this.#change(name, REMOVE, action);
  }

  /** Takes in everything linked devices said meanwhile. */
  catchUp(): void {
    for (const name of COLLECTIONS) this.#pull(name);
  }

  #change(name: CollectionName, operation: Operation, action: Action): void {
    if (this.#phone.isAway()) throw new Error('the phone is offline: nobody can change anything on it');
    const known = this.#of(name);
    const mutation = sealMutation(this.key, operation, action);
    const version = known.version + 1;
    const hash = this.#hashWith(known, [openMutation(this.key, mutation)]);
    const patch = SyncdPatch.create({
      mutations: [mutation],
      snapshotMac: macOfSnapshot(this.key, hash, version, name),
      keyId: { id: this.key.id },
    });
    patch.patchMac = macOfPatch(this.key, patch, version, name);
    if (!this.#server.push(name, known.version, SyncdPatch.encode(patch).finish(), 0)) {
      throw new Error(`the phone missed a patch of ${name}`);
    }
    this.#pull(name);
  }

  #pull(name: CollectionName): void {
    if (this.#phone.isAway()) return;
    const known = this.#of(name);
    for (const { version, patch } of this.#server.since(name, known.version)) {
      known.version = version;
      try {
        this.#take(name, known, SyncdPatch.decode(patch));
      } catch (error) {
        this.refused.push(`${name} version ${version}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  #take(name: CollectionName, known: Known, patch: proto.ISyncdPatch): void {
    requireEqual(macOfPatch(this.key, patch, known.version, name), patch.patchMac, 'the MAC of the patch');
    const mutations = (patch.mutations ?? []).map((mutation) => openMutation(this.key, mutation));
    const hash = this.#hashWith(known, mutations);
    requireEqual(macOfSnapshot(this.key, hash, known.version, name), patch.snapshotMac, 'the MAC of the collection');
    known.hash = hash;
    for (const { operation, index, value, version, indexMac, valueMac } of mutations) {
      const [place, entry] = [JSON.stringify(index), indexMac.toString('hex')];
      if (operation === SET) this.#actions.set(place, { index, value, version });
      else this.#actions.delete(place);
      if (operation === SET) known.valueMacs.set(entry, valueMac);
      else known.valueMacs.delete(entry);
      this.#phone.onAction(value);
    }
  }

  /** The hash of a collection after some changes, of which a later one may replace an earlier one's entry. */
  #hashWith({ hash, valueMacs }: Known, mutations: readonly OpenedMutation[]): Buffer {
    const entries = new Map(valueMacs);
    let changed = hash;
    for (const { operation, indexMac, valueMac } of mutations) {
      const entry = indexMac.toString('hex');
      const before = entries.get(entry);
      changed = changedHash(changed, before ? [before] : [], operation === SET ? [valueMac] : []);
      if (operation === SET) entries.set(entry, valueMac);
      else entries.delete(entry);
    }
    return changed;
  }

  #of(name: CollectionName): Known {
    const known = this.#known.get(name);
    if (!known) throw new Error(`there is no collection ${name}`);
    return known;
  }
}
