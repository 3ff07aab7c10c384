/** What a message becomes when it is accepted: a job that says all that is needed to send it after any crash. */
import { createHash } from 'node:crypto';
import { identityOf, isRepeatable, requestOf, type Content, type MessageRef } from '../content.ts';
import type { ProfileName } from '../config.ts';
import type { Jid, MessageId } from '../ids.ts';
import type { NewMessage } from './outbox.ts';
import type { References } from './references.ts';
import { timesOf } from './times.ts';

/** What a message's job holds: all that is needed to send it after any crash. */
export interface OutboxJob {
  to: Jid;
  content: Content;
  /** Recognises the same content again; of its own for what may be repeated. */
  contentHash: string;
  /** The message it answers. */
  quoted: MessageRef | null;
  /** The message it is about: what is reacted to, edited, deleted. */
  target: MessageRef | null;
  isReply: boolean;
  humanize: boolean;
  humanization: ProfileName | null;
  typingDelay: number | null;
  readBefore: boolean;
  /** Not before and not after, ms since 1970. */
  sendAt: number | null;
  expiresAt: number | null;
  /** Tells whether a repeated Idempotency-Key comes with the same message. */
  fingerprint: string;
}

/** A message whose addressee is known. */
export type AddressedMessage = NewMessage & { to: Jid };

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The same for the same message asked for again. */
export const fingerprintOf = ({ to, content, quotedMessageId, sendAt }: AddressedMessage) =>
  sha256([to, requestOf(content), quotedMessageId ?? null, ...(sendAt === undefined ? [] : [sendAt])]);

interface Around {
  references: References;
  humanize: boolean;
  now: number;
}

/** Throws `message_not_found`, `not_your_message`, `invalid_request`. */
export async function jobFor(
  id: MessageId,
  message: AddressedMessage,
  { references, humanize, now }: Around,
): Promise<OutboxJob> {
  const { to, content, quotedMessageId } = message;
  const quoted = quotedMessageId === undefined ? null : await references.quoted(to, quotedMessageId);
  const target = await references.target(to, content);
  return {
    to,
    content,
    contentHash: sha256(isRepeatable(content) ? id : identityOf(content)),
    quoted,
    target,
    isReply: quoted !== null,
    humanize: message.humanize ?? humanize,
    humanization: message.humanization ?? null,
    typingDelay: message.typingDelay ?? null,
    readBefore: message.readBefore ?? true,
    ...timesOf(message, now),
    fingerprint: fingerprintOf(message),
  };
}
