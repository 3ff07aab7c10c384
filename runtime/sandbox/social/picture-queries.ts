/** Pictures, as clients ask for them and change those of their account and of groups (`w:profile:picture`). */
import type { Person } from '../directory.ts';
import type { Group } from '../groups/groups.ts';
import { answering } from '../queries/refusing.ts';
import type { Query, QueryTable } from '../queries/query.ts';
import { bytesOf, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

const NOT_FOUND = node('error', { code: '404', text: 'item-not-found' });
const NOT_AUTHORIZED = node('error', { code: '401', text: 'not-authorized' });

function picture(query: Query): Stanza {
  const { world, device, about } = query;
  const subject = subjectOf(query);
  if (!subject) return NOT_FOUND;
  if (!mayLook(query, subject, device.person)) return NOT_AUTHORIZED;
  const found = world.social.pictures.of(subject);
  if (!found) return NOT_FOUND;
  const type = about.attrs['type'] === 'image' ? 'image' : 'preview';
  const path = found.paths[type];
  return node('picture', { id: found.id, type, url: world.media.urlOf(path), direct_path: path });
}

/** Whom a query names, or else the account itself. */
function subjectOf({ world, device, request }: Query): Person | Group | undefined {
  const { target } = request.attrs;
  return target === undefined ? device.person : (world.groups.find(target) ?? world.directory.find(target)?.person);
}

const mayLook = ({ world }: Query, subject: Person | Group, viewer: Person): boolean =>
  'roster' in subject ? subject.roster.has(viewer) : world.social.privacyOf(subject).shows('profile', viewer);

function change(query: Query): Stanza[] {
  const { world, device, about } = query;
  const subject = subjectOf(query);
  const image = bytesOf(about) ?? null;
  if (subject === device.person) world.social.setPicture(device.person, image, device);
  else if (subject && 'roster' in subject) world.social.setGroupPicture(subject, device.person, image);
  else throw new Error('a client changes the pictures of its own account and of groups only');
  const changed = world.social.pictures.of(subject);
  return changed ? [node('picture', { id: changed.id })] : [];
}

export const pictureQueries: QueryTable = {
  'w:profile:picture/get/picture': (query) => query.reply(picture(query)),
  'w:profile:picture/set/picture': answering(change),
  // A picture is removed by setting none.
  'w:profile:picture/set/': answering(change),
};
