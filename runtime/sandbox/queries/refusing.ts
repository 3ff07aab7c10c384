/** Answers that may be a no: a handler throws a sentence, and the client gets WhatsApp's error for it. */
import { node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Query } from './query.ts';

/** Answers that the sandbox does not have this, as servers do for what they do not know. */
export const notImplemented = ({ reply }: Query): void =>
  reply(node('error', { code: '501', text: 'feature-not-implemented' }));

/** Answers with what the handler gives; with `bad-request` when it throws. */
export function answering(handler: (query: Query) => Stanza[]): (query: Query) => void {
  return (query) => {
    let answer: Stanza[];
    try {
      answer = handler(query);
    } catch (error) {
      query.world.log(`refused a query: ${error instanceof Error ? error.message : String(error)}`);
      answer = [node('error', { code: '400', text: 'bad-request' })];
    }
    query.reply(...answer);
  };
}
