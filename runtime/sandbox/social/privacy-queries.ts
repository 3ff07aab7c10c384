/** What a client asks about its account's privacy, and changes of it: settings, blocked people, default timer. */
import { answering } from '../queries/refusing.ts';
import type { Query, QueryTable } from '../queries/query.ts';
import { children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

function settings({ world, device }: Query): Stanza[] {
  const { settings: all } = world.social.privacyOf(device.person);
  return [
    node(
      'privacy',
      {},
      all.map(([name, value]) => node('category', { name, value })),
    ),
  ];
}

function choose(query: Query): Stanza[] {
  const { world, device, about } = query;
  for (const { attrs } of children(about, 'category')) {
    world.social.choosePrivacy(device.person, attrs['name'] ?? '', attrs['value'] ?? '', device);
  }
  return settings(query);
}

function blocklist({ world, device }: Query): Stanza[] {
  const items = [...world.social.privacyOf(device.person).blocked].map(({ lid }) => node('item', { jid: lid }));
  return [node('list', { dhash: String(items.length) }, items)];
}

/** Clients hand a trust token to everybody they write to first. */
function giveTokens({ world, device, about }: Query): Stanza[] {
  for (const { attrs } of children(about, 'token')) {
    const holder = world.directory.find(attrs['jid'])?.person;
    if (holder && holder !== device.person) world.social.trust(device.person, holder);
  }
  return [];
}

/** People are blocked by hidden id; who blocks must name the number too. */
function block(query: Query): Stanza[] {
  const { world, device, about } = query;
  const { jid, action } = about.attrs;
  const other = world.directory.find(jid)?.person;
  if (!other || (action !== 'block' && action !== 'unblock')) throw new Error(`nobody to block at ${jid ?? ''}`);
  world.social.block(device.person, other, action === 'block', device);
  return blocklist(query);
}

export const privacyQueries: QueryTable = {
  'privacy/get/privacy': answering(settings),
  'privacy/set/privacy': answering(choose),
  'privacy/set/tokens': answering(giveTokens),
  'blocklist/get/': answering(blocklist),
  'blocklist/set/item': answering(block),
  'disappearing_mode/set/disappearing_mode': answering(({ world, device, about }) => {
    world.social.setTimer(device.person, Number(about.attrs['duration']), device);
    return [];
  }),
};
