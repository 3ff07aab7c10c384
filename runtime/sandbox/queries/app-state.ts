/** App state: settings that an account's devices share. Every collection is empty and stays at the client's version. */
import { children, node } from '../stanza.ts';
import type { QueryTable } from './query.ts';

export const appStateQueries: QueryTable = {
  'w:sync:app:state/set/sync': ({ about, reply }) => {
    const collections = children(about, 'collection').map(({ attrs }) =>
      node('collection', { name: attrs['name'] ?? '', version: attrs['version'] ?? '0' }),
    );
    reply(node('sync', {}, collections));
  },
};
