/** The media connection: where clients upload to, and what with (`w:m`). */
import type { QueryTable } from '../queries/query.ts';
import { node } from '../stanza.ts';

/** How long, in seconds, clients use one answer; WhatsApp says five minutes. */
const TTL_SECONDS = '300';

export const mediaQueries: QueryTable = {
  'w:m/set/media_conn': ({ world, reply }) => {
    const { auth, hostname } = world.media;
    const attrs = { auth, ttl: TTL_SECONDS, auth_ttl: TTL_SECONDS, max_buckets: '12' };
    reply(node('media_conn', attrs, [node('host', { hostname, type: 'primary' })]));
  },
};
