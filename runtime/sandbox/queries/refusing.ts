/** Answers that may be a no: a handler throws a sentence, and the client gets WhatsApp's error for it. */
import { node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Query } from './query.ts';

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
