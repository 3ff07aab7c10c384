/** What was sent, as it went over the wire: for recipients who ask for it again and for sending it again after a crash. */
import type { SentMessages } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';

/** A phone that was off asks for what it could not decrypt when it is back. */
const KEEP_MS = 14 * 24 * 3_600_000;

export const sentMessages = (rows: KeyValue, file: SentMessages['file']): SentMessages => ({
  file,
  async find(messageId) {
    const kept = await rows.get<string>(messageId);
    return kept === undefined ? undefined : Buffer.from(kept, 'base64');
  },
  async keep(messageId, message) {
    await rows.set(messageId, Buffer.from(message).toString('base64'), KEEP_MS);
  },
  async forget(messageId) {
    await rows.delete(messageId);
  },
});
