/** What a client reads of its account and the service after login, and the reports it files. */
import { node } from '../stanza.ts';
import type { QueryTable } from './query.ts';

/** An account as WhatsApp makes it: everything open, nobody blocked. */
const PRIVACY: Readonly<Record<string, string>> = {
  readreceipts: 'all',
  profile: 'all',
  status: 'contacts',
  online: 'all',
  last: 'all',
  groupadd: 'all',
  calladd: 'all',
};

export const settingsQueries: QueryTable = {
  'abt/get/props': ({ reply }) => reply(node('props', { protocol: '1', hash: 'sandbox' })),
  'blocklist/get/': ({ reply }) => reply(node('list')),
  'privacy/get/privacy': ({ reply }) => {
    const categories = Object.entries(PRIVACY).map(([name, value]) => node('category', { name, value }));
    reply(node('privacy', {}, categories));
  },
  // Clients hand a trust token to everybody they write to; nothing depends on it here.
  'privacy/set/tokens': ({ reply }) => reply(),
  'urn:xmpp:whatsapp:dirty/set/clean': ({ reply }) => reply(),
  'w:stats//add': ({ reply }) => reply(),
};
