/** App state over the wire: a client fetches the patches it lacks, and hands in its own. */
import type { Query, QueryTable } from '../queries/query.ts';
import { bytesOf, child, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import { isCollection } from './collections.ts';
import type { CollectionName, Collections } from './collections.ts';

/** How many patches go into one answer; a client asks again while there are more. */
const PATCHES_PER_ANSWER = 50;

/**
 * Patches from the first on instead of a snapshot: a client fetches a snapshot from WhatsApp's own media host, whose
 * name it does not let anybody choose.
 */
function answerCollection(collections: Collections, name: CollectionName, since: number, error?: Stanza): Stanza {
  const missing = collections.since(name, since);
  const patches = missing.slice(0, PATCHES_PER_ANSWER);
  const attrs = {
    name,
    version: String(since + patches.length),
    ...(error && { type: 'error' }),
    ...(missing.length > patches.length && { has_more_patches: 'true' }),
  };
  const content = patches.map(({ patch }) => node('patch', {}, Buffer.from(patch)));
  return node('collection', attrs, [
    ...(error ? [error] : []),
    ...(content.length > 0 ? [node('patches', {}, content)] : []),
  ]);
}

const conflict = node('error', { code: '409', text: 'conflict' });
const badRequest = node('error', { code: '400', text: 'bad-request' });

function sync({ world, device, about, request, reply }: Query): void {
  const collections = world.accounts.get(device.person.phone)?.collections;
  const answers = children(about, 'collection').map((asked) => {
    const { name, version = '0' } = asked.attrs;
    if (!isCollection(name) || !collections) {
      world.unhandled(request);
      return node('collection', { name: name ?? '', type: 'error' }, [badRequest]);
    }
    const base = Number(version);
    const patch = bytesOf(child(asked, 'patch'));
    if (!patch) return answerCollection(collections, name, base);
    if (!collections.push(name, base, patch, device.id)) return answerCollection(collections, name, base, conflict);
    return node('collection', { name, version: String(collections.version(name)) });
  });
  reply(node('sync', {}, answers));
}

export const appStateQueries: QueryTable = { 'w:sync:app:state/set/sync': sync };
