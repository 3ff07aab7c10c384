/** Stands between the wire and the client: what must not be lost goes through the journal first, in order. */
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { AuthState } from './auth-state.ts';
import type { InboundJournal } from './inbound-journal.ts';
import { readReceipt, type Receipt } from './receipts.ts';

export interface GateDeps {
  journal: InboundJournal;
  auth: AuthState;
  log: Logger;
  /** `settle` is to be called when the receipt has had its effect. */
  onReceipt(receipt: Receipt, settle: () => Promise<void>): void;
  /** A stanza could not be written down: the connection must end before the client acks it. */
  onUnsaved(error: Error): void;
}

type Listener = (node: BinaryNode) => void;

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
  #turn: Promise<void> = Promise.resolve();

  /** Takes the client's place at the two kinds of stanza and hands them on once they are written down. */
  constructor(sock: WASocket, deps: GateDeps) {
    this.#sock = sock;
    this.#deps = deps;
    for (const event of ['CB:message', 'CB:receipt']) {
      const listeners = sock.ws.listeners(event) as Listener[];
      for (const listener of listeners) sock.ws.off(event, listener);
      sock.ws.on(event, (node: BinaryNode) => this.#pass(node, listeners));
    }
  }

  /** Handles again what a former run left unfinished; to be called when the connection is open. */
  async replay(): Promise<void> {
    const { journal, log } = this.#deps;
    try {
      const { suspects, nodes, givenUp } = await journal.unsettled();
      const count = suspects.length + nodes.length;
      if (count > 0) log.info({ count }, 'handling what a former run left unfinished');
      if (givenUp.length > 0) log.error({ count: givenUp.length }, 'stanzas given up after repeated crashes');
      for (const node of suspects) {
        // The next connection goes on with those that are left.
        if (this.#sock.ws.isOpen) await journal.handleAlone(node, () => this.#again(node));
      }
      for (const node of nodes) this.#again(node);
    } catch (error) {
      log.error({ err: toError(error) }, 'what a former run left unfinished could not be read');
    }
  }

  #again(node: BinaryNode): void {
    if (node.tag === 'receipt') this.#tell(node);
    else this.#sock.ws.emit('CB:message', node);
  }

  #pass(stanza: BinaryNode, listeners: Listener[]): void {
    const node = withoutPlaintext(stanza);
    const isReceipt = node.tag === 'receipt';
    const matters = !isReceipt || readReceipt(node) !== null;
    this.#turn = this.#turn.then(async () => {
      try {
        if (matters) await this.#deps.journal.record(node);
      } catch (error) {
        return this.#deps.onUnsaved(toError(error));
      }
      if (isReceipt && matters) this.#tell(node);
      for (const listener of listeners) listener(node);
    });
  }

  #tell(node: BinaryNode): void {
    const receipt = readReceipt(node);
    const id = node.attrs['id'];
    if (!receipt || id === undefined) return;
    const { journal, auth, onReceipt } = this.#deps;
    onReceipt(receipt, () => journal.settle(node, auth.keys));
  }
}
