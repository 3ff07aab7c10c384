/** What a test, or a user who wants to see what happens, makes go wrong. Everything is off until switched on. */

import type { Connection } from '../connection.ts';
import type { Directory } from '../directory.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import { node } from '../stanza.ts';
import { Interferences } from './interference.ts';

/** Why a login is refused: the `reason` of the `<failure>` stanza, such as 401, 403, 405 or 503. */
export type FailureReason = number;

export class Faults {
  /** Server acks of messages are never sent; the messages themselves are delivered. */
  dropAcks = false;
  /** Server acks are sent this much later. */
  ackDelayMs = 0;
  /** The `error` the server acks messages with, such as `463`; such messages are not delivered. */
  ackError: string | null = null;
  /** Messages from clients vanish: neither acknowledged nor delivered. */
  loseMessages = false;
  /** Accounts whose phones say "Couldn't link device", or null for all. The client goes on waiting for a scan. */
  readonly linkingRefused = new Set<string | null>();
  /** Where active faults take hold of connections. */
  readonly interferences = new Interferences();
  /** Every login is answered with this failure. */
  refuseLogins: FailureReason | null = null;
  readonly #held: (() => void)[] = [];
  readonly #directory: Directory;
  readonly #closing: AbortSignal;
  #holding = false;

  constructor(directory: Directory, closing: AbortSignal) {
    this.#directory = directory;
    this.#closing = closing;
  }

  /** While true, server acks of messages are kept back; setting it to false sends them in order. */
  get holdAcks(): boolean {
    return this.#holding;
  }

  set holdAcks(hold: boolean) {
    this.#holding = hold;
    if (!hold) for (const send of this.#held.splice(0)) send();
  }

  /** Cuts the connections of an account's devices (or of one) without a word, as a lost network does. */
  cut(phone: string, deviceId?: number): void {
    for (const connection of this.connections(phone, deviceId)) connection.cut();
  }

  /** Ends the connections of an account's devices (or of one) with `<stream:error code>`, such as 503 or 515. */
  streamError(phone: string, code: number, deviceId?: number): void {
    const lastWord = node('stream:error', { code: String(code) });
    for (const connection of this.connections(phone, deviceId)) connection.close(lastWord);
  }

  /** Lets an ack go, now, later or never, as the switches say. */
  passAck(send: () => void): void {
    if (this.dropAcks) return;
    if (this.#holding) this.#held.push(send);
    else if (this.ackDelayMs > 0) this.#later(this.ackDelayMs, send);
    else send();
  }

  /** The open connections of an account's devices, or of one. */
  connections(phone: string, deviceId?: number): Connection[] {
    const { person } = this.#directory.find(`${phone}@s.whatsapp.net`) ?? {};
    const devices = linkedDevicesOf(person).filter(({ id }) => deviceId === undefined || id === deviceId);
    return devices.flatMap(({ connection }) => connection ?? []);
  }

  #later(delayMs: number, action: () => void): void {
    const onStop = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      this.#closing.removeEventListener('abort', onStop);
      action();
    }, delayMs);
    this.#closing.addEventListener('abort', onStop, { once: true });
  }
}
