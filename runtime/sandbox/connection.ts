/** One client's WebSocket: handshake, then stanzas both ways in order. What they mean is decided elsewhere. */
import { binaryNodeToString, decodeBinaryNode, encodeBinaryNode, proto } from '@whiskeysockets/baileys';
import type { Curve } from '@whiskeysockets/baileys';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { encodeFrame, FrameReader, PROLOGUE } from './framing.ts';
import { NoiseHandshake } from './noise.ts';
import type { NoiseTransport } from './noise.ts';
import { DelayLine } from './delay-line.ts';
import type { Interferences } from './faults/interference.ts';
import { newStanzaId, node } from './stanza.ts';
import type { Stanza } from './stanza.ts';

const { HandshakeMessage } = proto;

/** What the server proves itself with. */
export interface ServerIdentity {
  readonly key: ReturnType<typeof Curve.generateKeyPair>;
  readonly certificate: Uint8Array;
}

export interface ConnectionEvents {
  /** The handshake is done: who the client says it is, and the Noise key it proved to hold. */
  hello(connection: Connection, payload: proto.ClientPayload, noiseKey: Buffer): void;
  stanza(connection: Connection, stanza: Stanza): void;
  /** Every stanza in either direction, as it passes. */
  traffic(connection: Connection, direction: 'in' | 'out', stanza: Stanza): void;
  closed(connection: Connection): void;
  log(line: string): void;
}

export class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #interferences: Interferences;
  readonly #certificate: Uint8Array;
  readonly #handshake: NoiseHandshake;
  readonly #frames = new FrameReader();
  readonly #questions = new Map<string, PromiseWithResolvers<Stanza>>();
  #transport: NoiseTransport | null = null;
  #decoding: Promise<void> = Promise.resolve();
  /** All that goes to the client, in order. */
  readonly #line = new DelayLine();
  /** What comes late by itself, while everything else overtakes it. */
  readonly #late = new DelayLine();
  #greeted = false;
  #frozen = false;
  #closed = false;
  /** Whose connection this is, once it has logged in; for the record of its traffic. */
  phone: string | null = null;

  constructor(
    socket: WebSocket,
    identity: ServerIdentity,
    { events, interferences }: { events: ConnectionEvents; interferences: Interferences },
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#interferences = interferences;
    this.#certificate = identity.certificate;
    this.#handshake = new NoiseHandshake(PROLOGUE, identity.key);
    socket.on('message', (data: Buffer) => this.#guard(() => this.#receive(data)));
    socket.on('close', () => this.#onClose());
    socket.on('error', (error) => events.log(`connection error: ${error.message}`));
  }

  get isOpen(): boolean {
    return !this.#closed && this.#transport !== null;
  }

  send(stanza: Stanza): void {
    const say = () => this.#inTurn(() => this.#write(stanza));
    const outcome = this.#interferences.outgoing(this.phone, stanza, say);
    if (outcome === null) say();
    else if (outcome !== 'kept') this.#late.put(say, outcome);
  }

  /** Sends bytes in the place of a frame, or a whole plaintext of our own making, as a broken server does. */
  sendBroken(make: (encrypt: (plaintext: Uint8Array) => Buffer) => Uint8Array): void {
    this.#inTurn(() => {
      const transport = this.#transport;
      if (transport && !this.#closed) this.#socket.send(make((plaintext) => transport.encrypt(plaintext)));
    });
  }

  /** Sends an iq and waits for the client's answer; rejects when the connection ends first. */
  ask(content: Stanza, attrs: Stanza['attrs']): Promise<Stanza> {
    const id = newStanzaId();
    const question = Promise.withResolvers<Stanza>();
    this.#questions.set(id, question);
    if (this.isOpen) this.send(node('iq', { ...attrs, id }, [content]));
    else this.#questions.get(id)?.reject(new Error('the client has gone'));
    return question.promise.finally(() => this.#questions.delete(id));
  }

  /** Ends the connection in good order, after an optional last stanza. */
  close(lastWord?: Stanza): void {
    // Whoever comes in the place of a frozen connection cannot wait until it thaws.
    if (this.#frozen) return this.cut();
    this.#line.flush();
    if (lastWord) this.#write(lastWord);
    this.#socket.close(1000);
  }

  /** Closes the WebSocket with a code, such as 1011. */
  closeWith(code: number): void {
    this.#line.flush();
    this.#socket.close(code);
  }

  /** Cuts the TCP connection without a word, as a lost network does. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Ends the TCP connection under the WebSocket: in good order, or by a reset. */
  endTcp(how: 'fin' | 'reset'): void {
    const tcp = tcpUnder(this.#socket);
    if (how === 'reset') tcp?.resetAndDestroy();
    else tcp?.end();
  }

  /** Half-open: from now on nothing is read or written, and not even the end of the connection is noticed or told. */
  freeze(): void {
    this.#frozen = true;
    tcpUnder(this.#socket)?.pause();
  }

  /** Goes on as if nothing had been; what was to be written meanwhile is lost. */
  thaw(): void {
    this.#frozen = false;
    tcpUnder(this.#socket)?.resume();
  }

  #inTurn(act: () => void): void {
    this.#line.put(act, this.#interferences.latencyMs(this.phone));
  }

  #write(stanza: Stanza): void {
    if (!this.#transport || this.#closed || this.#frozen) return;
    this.#events.traffic(this, 'out', stanza);
    this.#socket.send(encodeFrame(this.#transport.encrypt(encodeBinaryNode(stanza))));
  }

  #receive(data: Buffer): void {
    for (const frame of this.#frames.push(data)) {
      if (this.#transport) this.#decode(this.#transport.decrypt(frame));
      else this.#shakeHands(frame);
    }
  }

  #shakeHands(frame: Buffer): void {
    const { clientHello, clientFinish } = HandshakeMessage.decode(frame);
    if (!this.#greeted && clientHello?.ephemeral) {
      this.#greeted = true;
      if (this.#interferences.hangsAt('hello')) return;
      const serverHello = this.#handshake.answer(
        clientHello.ephemeral,
        this.#interferences.certificate() ?? this.#certificate,
      );
      this.#socket.send(encodeFrame(HandshakeMessage.encode({ serverHello }).finish()));
    } else if (this.#greeted && clientFinish?.static && clientFinish.payload) {
      if (this.#interferences.hangsAt('finish')) return;
      const { clientKey, payload, transport } = this.#handshake.finish(clientFinish.static, clientFinish.payload);
      this.#transport = transport;
      this.#events.hello(this, proto.ClientPayload.decode(payload), clientKey);
    } else {
      throw new Error('handshake message out of turn');
    }
  }

  /** Inflating is asynchronous in the codec, so decoding is chained: stanzas are handled in the order they came. */
  #decode(plaintext: Buffer): void {
    this.#decoding = this.#decoding.then(async () => {
      try {
        this.#handle(await decodeBinaryNode(plaintext));
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #handle(stanza: Stanza): void {
    this.#events.traffic(this, 'in', stanza);
    const outcome = this.#interferences.incoming(this.phone, stanza);
    if (outcome !== null) return outcome === 'lost' ? undefined : this.send(outcome);
    const question = stanza.tag === 'iq' ? this.#questions.get(stanza.attrs['id'] ?? '') : undefined;
    if (!question) return this.#events.stanza(this, stanza);
    if (stanza.attrs['type'] === 'result') question.resolve(stanza);
    else question.reject(new Error(`the client answered ${binaryNodeToString(stanza)}`));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#events.log(`closing a connection: ${error instanceof Error ? error.message : String(error)}`);
    this.#socket.close(1002);
  }

  #onClose(): void {
    this.#closed = true;
    this.#line.clear();
    this.#late.clear();
    for (const question of this.#questions.values()) question.reject(new Error('the client has gone'));
    this.#events.closed(this);
  }
}

/** The `ws` library keeps it as a private field; there is no other way to break what is under a WebSocket. */
const tcpUnder = (socket: WebSocket): Socket | null => (socket as unknown as { _socket: Socket | null })._socket;
