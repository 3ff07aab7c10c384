/** Stands between the wire and the client: what must not be lost goes through the journal first, in order. */
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { AuthState } from './auth-state.ts';
import type { InboundJournal } from './inbound-journal.ts';
import { Calls, type CallNews } from './news.ts';
import { readReceipt, type Receipt } from './receipts.ts';

export interface GateDeps {
  journal: InboundJournal;
  auth: AuthState;
  log: Logger;
  /** `settle` is to be called when the receipt has had its effect. */
  onReceipt(receipt: Receipt, settle: () => Promise<void>): void;
  /** `settle` is to be called when what it tells is durable. */
  onCall(call: CallNews, settle: () => Promise<void>): void;
  /** A stanza could not be written down: the connection must end before the client acks it. */
  onUnsaved(error: Error): void;
}

/** When a process has lived for so long, what ends it is hardly what ended those before it in their first moments. */
const QUIET_MS = 15_000;

type Listener = (node: BinaryNode) => void;

const EVENTS = ['CB:message', 'CB:receipt', 'CB:call', 'CB:notification'];
/** Changes of groups that the client makes a notice of, which comes by the way of messages. */
const GROUP_CHANGES = new Set([
  ...['create', 'add', 'remove', 'leave', 'promote', 'demote', 'subject', 'description', 'invite'],
  ...['announcement', 'not_announcement', 'locked', 'unlocked'],
]);

function isGroupChange({ attrs, content }: BinaryNode): boolean {
  return attrs['type'] === 'w:gp2' && Array.isArray(content) && GROUP_CHANGES.has(content[0]?.tag ?? '');
}

/**
 * B12: the client takes an unencrypted `<plaintext>` from anybody for a message of theirs. Only channels write that way;
 * from a person it could only be the server speaking in their name.
 */
function withoutPlaintext(node: BinaryNode): BinaryNode {
  if (!Array.isArray(node.content) || node.attrs['from']?.endsWith('@newsletter')) return node;
  return { ...node, content: node.content.filter(({ tag }) => tag !== 'plaintext') };
}

export class InboundGate {
  readonly #sock: WASocket;
  readonly #deps: GateDeps;
  readonly #calls = new Calls();
  readonly #replayed = Promise.withResolvers<undefined>();
  readonly #over = new AbortController();
  #turn: Promise<void> = Promise.resolve();

  /** Takes the client's place at the kinds of stanza that events come of, and hands them on once they are written down. */
  constructor(sock: WASocket, deps: GateDeps) {
    this.#sock = sock;
    this.#deps = deps;
    for (const event of EVENTS) {
      const listeners = sock.ws.listeners(event) as Listener[];
      for (const listener of listeners) sock.ws.off(event, listener);
      sock.ws.on(event, (node: BinaryNode) => this.#pass(node, listeners));
    }
  }

  /** Handles again what a former run left unfinished; to be called when the connection is open. */
  async replay(): Promise<void> {
    const { log } = this.#deps;
    try {
      const tried = await this.#replayAtOnce().finally(() => this.#replayed.resolve(undefined));
      if (tried.length > 0 && (await sleepUnlessAborted(QUIET_MS, this.#over.signal))) await this.#eachAlone(tried);
    } catch (error) {
      log.error({ err: toError(error) }, 'what a former run left unfinished could not be read');
    }
  }

  /** The connection has ended. */
  end(): void {
    this.#over.abort();
  }

  /** Returns what is to wait until the process has lived for a while. */
  async #replayAtOnce(): Promise<BinaryNode[]> {
    const { journal, log } = this.#deps;
    const { suspects, tried, nodes, givenUp } = await journal.unsettled();
    const count = suspects.length + tried.length + nodes.length;
    if (count > 0) log.info({ count }, 'handling what a former run left unfinished');
    if (givenUp.length > 0) log.error({ count: givenUp.length }, 'stanzas given up after repeated crashes');
    await journal.discard(givenUp);
    await this.#eachAlone(suspects);
    for (const node of nodes) this.#again(node);
    return tried;
  }

  /** The next connection goes on with those that are left. */
  async #eachAlone(nodes: BinaryNode[]): Promise<void> {
    for (const node of nodes) {
      if (this.#sock.ws.isOpen) await this.#deps.journal.handleAlone(node, () => this.#again(node));
    }
  }

  /** The server has sent what it had kept for this connection; what it sent is written down first. */
  async caughtUp(): Promise<void> {
    const { journal, auth, log } = this.#deps;
    await this.#turn;
    await this.#replayed.promise;
    try {
      await journal.caughtUp(auth.keys);
    } catch (error) {
      log.error({ err: toError(error) }, 'the content of messages that were told could not be removed');
    }
  }

  #again(node: BinaryNode): void {
    if (node.tag === 'receipt') this.#tell(node);
    else this.#sock.ws.emit(`CB:${node.tag}`, node);
  }

  #pass(stanza: BinaryNode, listeners: Listener[]): void {
    const node = withoutPlaintext(stanza);
    const matters = this.#matters(node);
    this.#turn = this.#turn.then(async () => {
      try {
        if (matters) await this.#deps.journal.record(node);
      } catch (error) {
        return this.#deps.onUnsaved(toError(error));
      }
      if (matters) this.#tell(node);
      for (const listener of listeners) listener(node);
    });
  }

  #matters(node: BinaryNode): boolean {
    if (node.tag === 'receipt') return readReceipt(node) !== null;
    if (node.tag === 'call') return this.#calls.read(node) !== null;
    return node.tag === 'message' || isGroupChange(node);
  }

  /** Of receipts and calls; the client tells of the others. */
  #tell(node: BinaryNode): void {
    if (node.attrs['id'] === undefined) return;
    const { journal, auth, onReceipt, onCall } = this.#deps;
    const settle = () => journal.settle(node, auth.keys);
    const receipt = node.tag === 'receipt' ? readReceipt(node) : null;
    if (receipt) onReceipt(receipt, settle);
    const call = node.tag === 'call' ? this.#calls.read(node) : null;
    if (call) onCall(call, settle);
  }
}
