/** App state over the wire: a client fetches the patches it lacks, and hands in its own. */
import { proto } from '@whiskeysockets/baileys';
import { keepBlob } from '../media/external-blob.ts';
import type { Query, QueryTable } from '../queries/query.ts';
import { bytesOf, child, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';
import { isCollection } from './collections.ts';
import type { CollectionName, Collections } from './collections.ts';

/** How many patches go into one answer; a client asks again while there are more. */
const PATCHES_PER_ANSWER = 50;

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

/** The whole collection as a file, for a client that begins; null where there are only patches. */
function answerWithSnapshot({ media, blobs }: World, collections: Collections, name: CollectionName): Stanza | null {
  const snapshot = blobs === 'external' ? collections.snapshot(name) : null;
  if (!snapshot) return null;
  const { size, ...blob } = keepBlob(media, 'md-app-state', snapshot);
  const reference = proto.ExternalBlobReference.encode({ ...blob, fileSizeBytes: size }).finish();
  const attrs = { name, version: String(collections.version(name)) };
  return node('collection', attrs, [node('snapshot', {}, Buffer.from(reference))]);
}

const conflict = node('error', { code: '409', text: 'conflict' });
const badRequest = node('error', { code: '400', text: 'bad-request' });

function sync({ world, device, about, request, reply }: Query): void {
  const collections = world.accounts.get(device.person.phone)?.collections;
  const answers = children(about, 'collection').map((asked) => {
    const { name, version = '0', return_snapshot: wantsSnapshot } = asked.attrs;
    if (!isCollection(name) || !collections) {
      world.unhandled(request);
      return node('collection', { name: name ?? '', type: 'error' }, [badRequest]);
    }
    const base = Number(version);
    const patch = bytesOf(child(asked, 'patch'));
    const snapshot = wantsSnapshot === 'true' ? answerWithSnapshot(world, collections, name) : null;
    if (!patch) return snapshot ?? answerCollection(collections, name, base);
    if (!collections.push(name, base, patch, device.id)) return answerCollection(collections, name, base, conflict);
    return node('collection', { name, version: String(collections.version(name)) });
  });
  reply(node('sync', {}, answers));
}

export const appStateQueries: QueryTable = { 'w:sync:app:state/set/sync': sync };
