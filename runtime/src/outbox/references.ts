/** The messages a message refers to: what it answers, and what it does something to. */
import { isFile, targetOf, wordsOf, type Content, type MessageRef } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { isGroup, type Jid, type MessageId } from '../ids.ts';
import type { SentMessages } from '../session/session.ts';
import type { Queue } from '../store/store.ts';
import type { OutboxJob } from './job.ts';

type Received = (chat: Jid, id: MessageId) => Promise<MessageRef | undefined>;

export class References {
  readonly #received: Received;
  readonly #queue: Pick<Queue<OutboxJob>, 'get'>;
  readonly #sent: Pick<SentMessages, 'find'>;

  constructor(received: Received, queue: Pick<Queue<OutboxJob>, 'get'>, sent: Pick<SentMessages, 'find'>) {
    this.#received = received;
    this.#queue = queue;
    this.#sent = sent;
  }

  /** A message of this chat, received or sent, as an answer shows it. Throws `message_not_found`. */
  async quoted(chat: Jid, messageId: MessageId): Promise<MessageRef> {
    const received = await this.#received(chat, messageId);
    if (received) return received;
    const own = await this.#queue.get(messageId);
    if (!own) throw new RuntimeError('message_not_found');
    const { content } = own.data;
    const once = isFile(content) && content.viewOnce;
    const sent = once ? undefined : await this.#sent.find(messageId);
    const message = sent && Buffer.from(sent).toString('base64');
    return { messageId, text: wordsOf(content), fromMe: true, ...(message && { message }) };
  }

  /**
   * The message a content is about, or null when it is about none. Throws `message_not_found`, and `not_your_message` for what
   * may not be done to it.
   */
  async target(chat: Jid, content: Content): Promise<MessageRef | null> {
    const about = targetOf(content);
    if (about === undefined) return null;
    const { message: _, ...target } = await this.quoted(chat, about);
    if (!mayChange(content, target, chat)) throw new RuntimeError('not_your_message');
    return target;
  }
}

/** One's own messages may be edited and deleted; those of others only be deleted, by a group's admins. */
function mayChange({ kind }: Content, target: MessageRef, chat: Jid): boolean {
  return kind === 'reaction' || target.fromMe || (kind === 'delete' && isGroup(chat));
}
