/**
 * Logging out: asks WhatsApp to take this device off the account. The client's own `logout` sends the request and hangs up;
 * whether the link is gone is known only from the answer, or from being thrown out as a device that was removed.
 */
import { once } from 'node:events';
import { S_WHATSAPP_NET, type WASocket } from '@whiskeysockets/baileys';

export class Unlinking {
  readonly #sock: WASocket;
  #asked = false;

  constructor(sock: WASocket) {
    this.#sock = sock;
  }

  /** True when WhatsApp has confirmed it, false when it refused, did not answer in time or was gone. Never throws. */
  async ask(jid: string | undefined, timeoutMs: number): Promise<boolean> {
    if (jid === undefined) return false;
    this.#asked = true;
    const id = this.#sock.generateMessageTag();
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, AbortSignal.timeout(timeoutMs)]);
    const { ws } = this.#sock;
    const answered = once(ws, `TAG:${id}`, { signal }).then(([node]) => node?.attrs?.['type'] === 'result');
    const thrownOut = once(ws, 'CB:stream:error,code:401', { signal }).then(() => true);
    // Neither comes: no answer in time, or the connection has ended.
    const confirmed = Promise.any([answered, thrownOut]).catch(() => false);
    const attrs = { id, to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' };
    const content = [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }];
    try {
      await this.#sock.sendNode({ tag: 'iq', attrs, content }).catch(() => done.abort());
      return await confirmed;
    } finally {
      done.abort();
    }
  }

  /** Why the connection ended, in the words the disconnect policy knows: whoever asked to be thrown out was not. */
  reasonOf(code: number | undefined, message: string): string {
    return this.#asked && code === 401 ? 'Intentional Logout' : message;
  }
}
