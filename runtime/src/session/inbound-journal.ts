/**
 * Why an inbound message survives a crash at any point.
 *
 * The client decrypts a message (which uses up its key: it can never be decrypted again), sends the delivery receipt
 * (after which the server forgets the message) and only then tells us. A process that dies in between has lost it. So:
 *
 * 1. Each message stanza is written down as it comes off the wire, before the client sees it.
 * 2. Its plaintext is written in the same atomic batch as the used-up key, under the hash of the ciphertext. Decrypting
 *    the same ciphertext again answers from there, and never twice from the ratchet.
 * 3. Both are removed when the inbox has made the message durable (`settle`).
 * 4. After a restart what is left is put through the client again (`replay`), as if it had just arrived.
 */
import { createHash } from 'node:crypto';
import {
  decodeBinaryNode,
  encodeBinaryNode,
  type BinaryNode,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import type { KeyValue } from '../store/store.ts';

type MakeRepository = SocketConfig['makeSignalRepository'];
type Keys = Parameters<MakeRepository>[0]['keys'];

interface Row {
  /** The stanza in WhatsApp's binary form, base64. */
  stanza: string;
  /** Hashes of the ciphertexts in it. */
  hashes: string[];
  /** How often it has been put through the client again. */
  replays: number;
}

/** A stanza that crashes the process must not do so for ever: after this many replays it is given up. */
const MAX_REPLAYS = 3;
/** Stanzas that never lead to a message (nothing to decrypt) are forgotten this much later, and beyond this many. */
const KEEP_MS = 3 * 24 * 3_600_000;
const MOST_REMEMBERED = 5_000;
/** Not one of Baileys' key types, so it never collides; stored and sealed beside them. */
const PLAINTEXT = 'inbound-plaintext' as keyof Parameters<Keys['set']>[0];

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const rowName = ({ attrs }: BinaryNode) => `${attrs['id']}|${attrs['from']}|${attrs['participant'] ?? ''}`;

export class InboundJournal {
  readonly #rows: KeyValue;
  readonly #namesById = new Map<string, Map<string, string[]>>();
  #written: Promise<unknown> = Promise.resolve();

  constructor(rows: KeyValue) {
    this.#rows = rows;
  }

  /** Writes a message stanza down; decryption waits for it. */
  record(node: BinaryNode): void {
    const id = node.attrs['id'];
    if (id === undefined) return;
    const hashes = Array.isArray(node.content)
      ? node.content.filter((part) => part.tag === 'enc').map((part) => hashOf(part.content as Uint8Array))
      : [];
    this.#remember(id, rowName(node), hashes);
    const row: Row = { stanza: Buffer.from(encodeBinaryNode(node)).toString('base64'), hashes, replays: 0 };
    this.#written = Promise.all([this.#written, this.#keep(rowName(node), row)]);
    this.#written.catch(() => undefined);
  }

  /** The message is durable elsewhere: forget its stanza and plaintext. */
  async settle(id: string, keys: { set: Keys['set'] }): Promise<void> {
    const names = this.#namesById.get(id);
    if (!names) return;
    this.#namesById.delete(id);
    await this.#rows.deleteMany([...names.keys()]);
    const hashes = [...names.values()].flat();
    if (hashes.length > 0) {
      await keys.set({ [PLAINTEXT]: Object.fromEntries(hashes.map((hash) => [hash, null])) });
    }
  }

  /** The stanzas a former run left unsettled, oldest first; each is to be emitted as if it had just arrived. */
  async unsettled(): Promise<{ nodes: BinaryNode[]; givenUp: string[] }> {
    const nodes: BinaryNode[] = [];
    const givenUp: string[] = [];
    const entries: [string, Row][] = [];
    for await (const [name, row] of this.#rows.iterator?.(undefined) ?? []) entries.push([name as string, row as Row]);
    for (const [name, row] of entries) {
      if (this.#knows(name)) continue;
      if (row.replays >= MAX_REPLAYS) {
        givenUp.push(name);
        await this.#rows.delete(name);
        continue;
      }
      await this.#rows.set(name, { ...row, replays: row.replays + 1 }, KEEP_MS);
      const node = await decodeBinaryNode(Buffer.from(row.stanza, 'base64'));
      this.#remember(node.attrs['id'] ?? '', name, row.hashes);
      nodes.push(node);
    }
    return { nodes, givenUp };
  }

  /** Wraps the Signal layer so that plaintext and used-up key are written together. */
  wrap(make: MakeRepository): MakeRepository {
    return (auth, logger, pnToLid) => {
      const inner = make(auth, logger, pnToLid);
      // The keys given to a socket always have the transaction capability; its type does not say so.
      const keys = auth.keys as Keys & { transaction<T>(work: () => Promise<T>, key: string): Promise<T> };
      const once = async (ciphertext: Uint8Array, lock: string, decrypt: () => Promise<Uint8Array>) => {
        await this.#written;
        const hash = hashOf(ciphertext);
        return await keys.transaction(async () => {
          const { [hash]: known } = (await keys.get(PLAINTEXT, [hash])) as unknown as Record<string, Uint8Array>;
          if (known) return known;
          const plaintext = await decrypt();
          await keys.set({ [PLAINTEXT]: { [hash]: Buffer.from(plaintext) } });
          return plaintext;
        }, lock);
      };
      const wrapped: SignalRepositoryWithLIDStore = {
        ...inner,
        decryptMessage: (o) => once(o.ciphertext, o.jid, () => inner.decryptMessage(o)),
        decryptGroupMessage: (o) => once(o.msg, o.group, () => inner.decryptGroupMessage(o)),
      };
      return wrapped;
    };
  }

  async #keep(name: string, row: Row): Promise<void> {
    const before = await this.#rows.get<Row>(name);
    await this.#rows.set(name, before ? { ...row, replays: before.replays } : row, KEEP_MS);
  }

  #knows(name: string): boolean {
    return this.#namesById.get(name.slice(0, name.indexOf('|')))?.has(name) ?? false;
  }

  #remember(id: string, name: string, hashes: string[]): void {
    const names = this.#namesById.get(id) ?? new Map<string, string[]>();
    names.set(name, [...(names.get(name) ?? []), ...hashes]);
    this.#namesById.set(id, names);
    const oldest = this.#namesById.keys().next().value;
    if (this.#namesById.size > MOST_REMEMBERED && oldest !== undefined) this.#namesById.delete(oldest);
  }
}
