/** What a client reads of its account and the service after login, and the reports it files. */
import { node } from '../stanza.ts';
import type { QueryTable } from './query.ts';

export const settingsQueries: QueryTable = {
  'abt/get/props': ({ reply }) => reply(node('props', { protocol: '1', hash: 'sandbox' })),
  'urn:xmpp:whatsapp:dirty/set/clean': ({ reply }) => reply(),
  'w:stats//add': ({ reply }) => reply(),
};
