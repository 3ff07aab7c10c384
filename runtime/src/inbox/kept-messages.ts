/**
 * Received messages as they came, sealed: to fetch their files and to pass them on. What is sealed with a session's key is
 * of no use to anybody once the credentials are destroyed.
 */
import { proto } from '@whiskeysockets/baileys';
import { RuntimeError } from '../errors.ts';
import type { MediaId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { Session } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';

/** A message under the key WhatsApp knows it by. */
export interface KeptMessage {
  key: proto.IMessageKey;
  message: proto.IMessage;
}

export class KeptMessages {
  readonly #rows: KeyValue;
  readonly #session: () => Pick<Session, 'id' | 'seal'> | undefined;

  constructor(rows: KeyValue, session: () => Pick<Session, 'id' | 'seal'> | undefined) {
    this.#rows = rows;
    this.#session = session;
  }

  /** Durable when it resolves. False when the session has no key to seal with any more: nothing is kept then. */
  async keep(id: MediaId, { key, message }: KeptMessage, ttlMs: number): Promise<boolean> {
    const sealing = this.#sealing(id);
    if (!sealing) return false;
    const bytes = proto.WebMessageInfo.encode({ key, message }).finish();
    await this.#rows.set(id, sealing.seal.seal(Buffer.from(bytes).toString('base64'), sealing.context), ttlMs);
    return true;
  }

  /** Undefined for what is not kept, and for what was sealed with a key that is gone. */
  async find(id: MediaId): Promise<KeptMessage | undefined> {
    const sealed = await this.#rows.get<string>(id);
    const sealing = this.#sealing(id);
    if (sealed === undefined || !sealing) return undefined;
    try {
      const bytes = Buffer.from(sealing.seal.open(sealed, sealing.context), 'base64');
      const { key, message } = proto.WebMessageInfo.decode(bytes);
      return { key: key ?? {}, message: message ?? {} };
    } catch {
      // The session was linked anew meanwhile, with another key.
      return undefined;
    }
  }

  #sealing(id: MediaId): { seal: Seal; context: string } | null {
    const session = this.#session();
    if (!session) return null;
    try {
      return { seal: session.seal(), context: `message/${session.id}/${id}` };
    } catch (error) {
      if (error instanceof RuntimeError && error.code === 'session_not_linked') return null;
      throw error;
    }
  }
}
