/**
 * Linking with a code that is typed at the phone instead of a QR code. The client sends its request and does not look at
 * the answer; here a code is given out only when WhatsApp has taken the request.
 */
import { Mutex } from 'async-mutex';
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import { RuntimeError } from '../errors.ts';
import type { AuthState } from './auth-state.ts';

export interface PairingCode {
  /** Eight letters and digits; the phone shows room for two groups of four. */
  code: string;
  /** Until when it can be typed, ms since 1970: as long as the client's QR codes last. */
  until: number;
}

const ANSWER_MS = 10_000;

/** One connection's codes. */
export class PairingCodes {
  readonly #sock: WASocket;
  readonly #auth: AuthState;
  readonly #oneByOne = new Mutex();
  #until: number | null = null;

  /** `lives` tells how long a connection with so many references waits to be linked, ms. */
  constructor(sock: WASocket, auth: AuthState, lives: (references: number) => number) {
    this.#sock = sock;
    this.#auth = auth;
    sock.ws.on('CB:iq,type:set,pair-device', ({ content }: BinaryNode) => {
      const offered = Array.isArray(content) ? content.find(({ tag }) => tag === 'pair-device')?.content : undefined;
      this.#until = Date.now() + lives(Array.isArray(offered) ? offered.length : 0);
    });
  }

  /**
   * Asks for a code for this number (digits only); one asked for before is worth nothing then. Throws
   * `pairing_not_ready` before the connection waits to be linked, `pairing_refused`, `no_answer`.
   */
  request(phone: string): Promise<PairingCode> {
    return this.#oneByOne.runExclusive(async () => {
      if (this.#until === null) throw new RuntimeError('pairing_not_ready');
      const until = this.#until;
      const answered = this.#answer();
      try {
        const code = await this.#sock.requestPairingCode(phone);
        await answered.promise;
        return { code, until };
      } catch (error) {
        this.#auth.forgetUnfinishedLink();
        throw error instanceof RuntimeError ? error : new RuntimeError('no_answer', { cause: error });
      } finally {
        answered.stop();
      }
    });
  }

  /** The client asks nothing else while it waits to be linked, so a refusal that comes meanwhile is of this. */
  #answer(): { promise: Promise<undefined>; stop(): void } {
    const { ws } = this.#sock;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    // Awaited only when the request has been written; a refusal that comes sooner is not unhandled.
    promise.catch(() => undefined);
    const taken = () => resolve(undefined);
    const refused = ({ content }: BinaryNode) => {
      const error = Array.isArray(content) ? content.find(({ tag }) => tag === 'error')?.attrs : undefined;
      const details = error ? [`WhatsApp says ${error['code'] ?? '?'} ${error['text'] ?? ''}`.trim()] : [];
      reject(new RuntimeError('pairing_refused', { details }));
    };
    const gone = () => reject(new RuntimeError('no_answer'));
    const timer = setTimeout(gone, ANSWER_MS);
    ws.on('CB:iq,type:result,link_code_companion_reg', taken);
    ws.on('CB:iq,type:error', refused);
    ws.on('error', gone);
    return {
      promise,
      stop() {
        clearTimeout(timer);
        ws.off('CB:iq,type:result,link_code_companion_reg', taken);
        ws.off('CB:iq,type:error', refused);
        ws.off('error', gone);
      },
    };
  }
}
