/**
 * Why nothing inbound is lost in a crash, at whatever point.
 *
 * The client decrypts a message (which uses up its key: it can never be decrypted again), sends the delivery receipt
 * (after which the server forgets the message) and only then tells us; a receipt it acks before anything was done with
 * it, and so calls and changes of groups. A process that dies in between has lost them. So:
 *
 * 1. Each message, receipt, call and change of a group is written down as it comes off the wire; only then does the client see it.
 * 2. A message's plaintext is written in the same atomic batch as the used-up key, under the hash of the ciphertext.
 *    Decrypting the same ciphertext again answers from there, and never twice from the ratchet.
 * 3. When what it tells has been made durable (`settle`), it is not handled again after a crash. Its plaintext stays until
 *    the client's ack has had its time: a connection that breaks before it, such as while the client still works on what
 *    its own phone sent, brings the message again, and its key is used.
 * 4. After a restart what is left is handled again (`unsettled`), as if it had just arrived.
 * 5. A message that comes without its content, which the client then asks its phone for, stays until that has come
 *    (`expectContent`): a client that ends before it has asked, or is cut, asks when the connection is open again.
 */
import { createHash } from 'node:crypto';
import {
  decodeBinaryNode,
  encodeBinaryNode,
  NO_MESSAGE_FOUND_ERROR_TEXT,
  type BinaryNode,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
  type WAMessage,
} from '@whiskeysockets/baileys';
import type { Batch, Database, KeyValue } from '../store/store.ts';
import { sleepUnlessAborted } from '../time.ts';

type MakeRepository = SocketConfig['makeSignalRepository'];
type Keys = Parameters<MakeRepository>[0]['keys'];

interface Row {
  /** The stanza in WhatsApp's binary form, base64. */
  stanza: string;
  /** Hashes of the ciphertexts in it. */
  hashes: string[];
  /** How often it has been handled again, beside others. */
  replays: number;
  /** How often with nothing beside it. */
  alone?: number;
  /** When it came, ms since 1970, for the order of a replay. */
  at: number;
  /** When what it tells was durable, ms since 1970; what is left is its plaintext. */
  settledAt?: number;
}

const NAMESPACE = 'journal';
/**
 * A stanza that crashes the process must not do so for ever. After this many replays, whose end may have had any cause, it
 * is handled alone; when the process ends so often with nothing else in hand, it is given up.
 */
const MAX_REPLAYS = 3;
const MAX_ALONE = 3;
/** How long the next one waits for one that is handled alone. What crashes the process does so at once. */
const ALONE_MS = 1_000;
/** How long the plaintext of a settled message is kept for an ack that did not arrive, unless the server has caught up before. */
const ACK_MS = 60_000;
/** Stanzas that never lead to a message (nothing to decrypt) are forgotten this much later, and beyond this many. */
const KEEP_MS = 3 * 24 * 3_600_000;
const MOST_REMEMBERED = 5_000;
/** Not one of Baileys' key types, so it never collides; stored and sealed beside them. */
const PLAINTEXT = 'inbound-plaintext' as keyof Parameters<Keys['set']>[0];

const nodeOf = ({ stanza }: Row) => decodeBinaryNode(Buffer.from(stanza, 'base64'));
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const rowName = ({ tag, attrs }: BinaryNode) =>
  [attrs['id'], tag, attrs['from'], attrs['participant'], attrs['type']].map((part) => part ?? '').join('|');

/** Whether of a message there is only word so far: the client asks the phone for its content. */
export const isStillToCome = (messages: readonly WAMessage[], messageId: string): boolean =>
  messages
    .filter(({ key }) => key.id === messageId)
    .every(({ messageStubParameters }) => messageStubParameters?.[0] === NO_MESSAGE_FOUND_ERROR_TEXT);

export class InboundJournal {
  readonly #database: Database;
  readonly #rows: KeyValue;
  readonly #replayed: Set<string>;
  readonly #openedAt = Date.now();
  /** Settled messages whose plaintext is still there, those settled first before. */
  #settled = new Map<string, { hashes: string[]; at: number }>();
  readonly #namesById = new Map<string, Map<string, string[]>>();
  /** Rows of messages whose content is still to come. */
  readonly #awaited = new Set<string>();
  /** Fires when the row that is handled alone needs no more waiting for. */
  readonly #alone = new Map<string, AbortController>();

  /** `replayed` is what this process has handled again already, shared by all journals it makes of a session. */
  constructor(database: Database, replayed: Set<string>) {
    this.#database = database;
    this.#replayed = replayed;
    this.#rows = database.keyValue(NAMESPACE);
  }

  /** Writes a stanza down; it must not be handled before this resolves. */
  async record(node: BinaryNode): Promise<void> {
    const id = node.attrs['id'];
    if (id === undefined) return;
    const name = rowName(node);
    const hashes = Array.isArray(node.content)
      ? node.content.filter((part) => part.tag === 'enc').map((part) => hashOf(part.content as Uint8Array))
      : [];
    this.#remember(id, name, hashes);
    this.#settled.delete(name);
    const stanza = Buffer.from(encodeBinaryNode(node)).toString('base64');
    const before = await this.#rows.get<Row>(name);
    const { replays = 0, alone = 0, at = Date.now() } = before?.settledAt === undefined ? (before ?? {}) : {};
    await this.#rows.set(name, { stanza, hashes, replays, alone, at } satisfies Row, KEEP_MS);
  }

  /** What these stanzas tell is durable elsewhere: they are not handled again, and forgotten when they cannot come again. */
  async settle(what: { messageId: string } | BinaryNode, keys: Pick<Keys, 'set'>): Promise<void> {
    const known = this.#rowsOf(what);
    if (known.size === 0) return;
    const now = Date.now();
    const set: Batch['set'] = [];
    const remove = await this.#removePlaintext(now - ACK_MS, keys);
    for (const [name, hashes] of known) {
      if (hashes.length === 0) remove.push(name);
      else {
        const value: Row = { stanza: '', hashes, replays: 0, at: now, settledAt: now };
        set.push({ key: name, value, ttl: KEEP_MS });
      }
    }
    // One that comes back with a power cut is handled again, and recognised.
    await this.#database.write(NAMESPACE, { set, remove }, 'crash');
    for (const [name, hashes] of known) {
      if (hashes.length > 0) this.#settled.set(name, { hashes, at: now });
      this.#alone.get(name)?.abort();
    }
  }

  /** The server has sent all that it had kept for this connection: what was settled before it does not come again. */
  async caughtUp(keys: Pick<Keys, 'set'>): Promise<void> {
    const remove = await this.#removePlaintext(this.#openedAt, keys);
    if (remove.length > 0) await this.#database.write(NAMESPACE, { set: [], remove }, 'crash');
  }

  /**
   * Removes the plaintext of what was settled before that time (ms since 1970); says which rows are to be removed after it, for
   * a crash between leaves the way to it.
   */
  async #removePlaintext(before: number, keys: Pick<Keys, 'set'>): Promise<string[]> {
    const [names, hashes]: [string[], string[]] = [[], []];
    for (const [name, settled] of this.#settled) {
      if (settled.at >= before) break;
      names.push(name);
      hashes.push(...settled.hashes);
      this.#settled.delete(name);
    }
    if (hashes.length > 0) await keys.set({ [PLAINTEXT]: Object.fromEntries(hashes.map((hash) => [hash, null])) });
    return names;
  }

  /** The content of this message is still to come: it is handled again when the connection opens next, unless settled. */
  expectContent(messageId: string): void {
    for (const name of this.#namesById.get(messageId)?.keys() ?? []) {
      this.#awaited.add(name);
      this.#alone.get(name)?.abort();
    }
  }

  /**
   * The stanzas a former run left unsettled, and those whose content has not come yet, oldest first; each is to be handled
   * as if it had just arrived. `suspects` go first, each by `handleAlone`. A process may end in such a moment for another
   * reason, and does so again where it is killed as soon as it is up: those which it did with go, alone as well, when this one
   * has lived for a while (`tried`).
   */
  async unsettled(): Promise<{ suspects: BinaryNode[]; tried: BinaryNode[]; nodes: BinaryNode[]; givenUp: string[] }> {
    const [suspects, tried, nodes]: [BinaryNode[], BinaryNode[], BinaryNode[]] = [[], [], []];
    const givenUp: string[] = [];
    for (const [name, row] of await this.#oldestFirst()) {
      const isAwaited = this.#awaited.delete(name);
      if (this.#knows(name) && !isAwaited) continue;
      // However often its connection ends meanwhile: a process that lives has not crashed on it.
      const isCounted = isAwaited || this.#replayed.has(name);
      if (row.replays >= MAX_REPLAYS && !isCounted) {
        const { alone = 0 } = row;
        if (alone < MAX_ALONE) (alone === 0 ? suspects : tried).push(await nodeOf(row));
        else givenUp.push(name);
        continue;
      }
      // Only a start after which it was not heard of again may have crashed on it.
      if (!isCounted) await this.#rows.set(name, { ...row, replays: row.replays + 1 }, KEEP_MS);
      this.#replayed.add(name);
      const node = await nodeOf(row);
      this.#remember(node.attrs['id'] ?? '', name, row.hashes);
      nodes.push(node);
    }
    return { suspects, tried, nodes, givenUp };
  }

  /** Of stanzas that are given up, once that was said, nothing is kept. */
  async discard(givenUp: readonly string[]): Promise<void> {
    for (const name of givenUp) await this.#rows.delete(name);
  }

  /** Those not settled; the settled are noted. */
  async #oldestFirst(): Promise<[name: string, row: Row][]> {
    const [entries, settled]: [[string, Row][], [string, { hashes: string[]; at: number }][]] = [[], []];
    for await (const [name, row] of (this.#rows.iterator?.(undefined) ?? []) as AsyncIterable<[string, Row]>) {
      if (row.settledAt === undefined) entries.push([name, row]);
      else settled.push([name, { hashes: row.hashes, at: row.settledAt }]);
    }
    // What came again meanwhile is in hand, and what this journal has settled was settled after all of them.
    const left = settled.filter(([name]) => !this.#knows(name)).sort(([, a], [, b]) => a.at - b.at);
    this.#settled = new Map([...left, ...this.#settled]);
    return entries.sort(([, a], [, b]) => a.at - b.at);
  }

  /** Handles one of the suspects; resolves when it is settled, or the process has outlived it. */
  async handleAlone(node: BinaryNode, handle: () => void): Promise<void> {
    const name = rowName(node);
    const row = await this.#rows.get<Row>(name);
    if (!row) return;
    await this.#rows.set(name, { ...row, alone: (row.alone ?? 0) + 1 }, KEEP_MS);
    this.#replayed.add(name);
    this.#remember(node.attrs['id'] ?? '', name, row.hashes);
    const settled = new AbortController();
    this.#alone.set(name, settled);
    handle();
    const isOutlived = await sleepUnlessAborted(ALONE_MS, settled.signal);
    this.#alone.delete(name);
    const left = isOutlived ? await this.#rows.get<Row>(name) : undefined;
    if (left && this.#knows(name)) await this.#rows.set(name, { ...left, replays: 0, alone: 0 }, KEEP_MS);
  }

  /** Wraps the Signal layer so that plaintext and used-up key are written together. */
  wrap(make: MakeRepository): MakeRepository {
    return (auth, logger, pnToLid) => {
      const inner = make(auth, logger, pnToLid);
      // The keys given to a socket always have the transaction capability; its type does not say so.
      const keys = auth.keys as Keys & { transaction<T>(work: () => Promise<T>, key: string): Promise<T> };
      const once = async (ciphertext: Uint8Array, lock: string, decrypt: () => Promise<Uint8Array>) => {
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

  /** Takes what is remembered of a message (whichever stanzas brought it) or of one receipt. */
  #rowsOf(what: { messageId: string } | BinaryNode): Map<string, string[]> {
    const id = 'messageId' in what ? what.messageId : (what.attrs['id'] ?? '');
    const names = this.#namesById.get(id) ?? new Map<string, string[]>();
    // The client's notice of a group's change has the id of the stanza that told of it.
    const isOfMessage = (name: string) => ['message', 'notification'].some((tag) => name.startsWith(`${id}|${tag}|`));
    const wanted = (name: string) => ('messageId' in what ? isOfMessage(name) : name === rowName(what));
    const taken = new Map([...names].filter(([name]) => wanted(name)));
    for (const name of taken.keys()) {
      names.delete(name);
      this.#awaited.delete(name);
      this.#replayed.delete(name);
    }
    if (names.size === 0) this.#namesById.delete(id);
    return taken;
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
