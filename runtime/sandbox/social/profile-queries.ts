/** What a client asks about profiles, and changes in its account's own: about text, business profile, bots. */
import { answering, notImplemented } from '../queries/refusing.ts';
import type { Query, QueryTable } from '../queries/query.ts';
import { bytesOf, child, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { BusinessProfile } from './profile.ts';

const TEXTS = ['description', 'address', 'email', 'website'] as const;
/** A list from which clients take the first; the id is WhatsApp's for "other". */
const CATEGORY_ID = '629412378414563';

function setAbout({ world, device, about }: Query): Stanza[] {
  world.social.setAbout(device.person, bytesOf(about)?.toString() ?? '', device);
  return [];
}

/** Somebody who is no business is left out of the answer. */
function businessProfiles({ world, about }: Query): Stanza[] {
  const profiles = children(about, 'profile').flatMap(({ attrs: { jid = '' } }) => {
    const person = world.directory.find(jid)?.person;
    const business = person && world.social.profileOf(person).business;
    return business ? [businessStanza(jid, business)] : [];
  });
  return [node('business_profile', {}, profiles)];
}

function businessStanza(jid: string, business: BusinessProfile): Stanza {
  const { category } = business;
  const texts = TEXTS.flatMap((tag) => {
    const text = business[tag];
    return text === undefined ? [] : [node(tag, {}, Buffer.from(text))];
  });
  const categories = category ? [node('category', { id: CATEGORY_ID }, Buffer.from(category))] : [];
  return node('profile', { jid }, [...texts, node('categories', {}, categories)]);
}

/** A client changes what it names and leaves the rest. */
function setBusinessProfile({ world, device, about }: Query): Stanza[] {
  const profile = world.social.profileOf(device.person);
  const named = TEXTS.flatMap((tag) => {
    const text = bytesOf(child(about, tag))?.toString();
    return text === undefined ? [] : [[tag, text]];
  });
  profile.business = { ...profile.business, ...(Object.fromEntries(named) as BusinessProfile) };
  return [];
}

export const profileQueries: QueryTable = {
  'status/set/status': answering(setAbout),
  'w:biz/get/business_profile': answering(businessProfiles),
  'w:biz/set/business_profile': (query) =>
    (child(query.about, 'cover_photo') ? notImplemented : answering(setBusinessProfile))(query),
  // Nobody in the sandbox is a bot.
  'bot/get/bot': ({ reply }) => reply(node('bot', { v: '2' }, [node('section', { type: 'all', name: 'All' })])),
};
