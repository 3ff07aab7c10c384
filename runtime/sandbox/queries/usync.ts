/** User sync: who has WhatsApp, under which hidden id, on which devices. */
import type { Person } from '../directory.ts';
import { bytesOf, child, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';
import type { Query, QueryTable } from './query.ts';

/** What one user of a query was asked by: a JID, or a phone number in international form. */
interface Asked {
  readonly jid: string;
  readonly phone: string | null;
  readonly person: Person | undefined;
}

function readAsked({ directory }: World, user: Stanza): Asked {
  const phone = bytesOf(child(user, 'contact'))?.toString() ?? null;
  const jid = user.attrs['jid'] ?? `${(phone ?? '').replace(/\D/g, '')}@s.whatsapp.net`;
  return { jid, phone, person: directory.find(jid)?.person };
}

function deviceList({ person }: Asked): Stanza {
  const devices = [...(person?.devices.values() ?? [])].map(({ id, keyIndex }) =>
    node('device', { id: String(id), ...(id !== 0 && { 'key-index': String(keyIndex) }) }),
  );
  return node('devices', {}, [node('device-list', {}, devices)]);
}

/** Given only to who asked by phone number: clients take the pair for a mapping from number to hidden id. */
function hiddenId({ jid, person }: Asked): Stanza | null {
  return person && !person.hidesNumber && !jid.endsWith('@lid') ? node('lid', { val: person.lid }) : null;
}

/** A text that is not for the asker's eyes is answered with a code, one that nobody wrote with nothing. */
function aboutText({ person }: Asked, { world, device }: Query): Stanza | null {
  if (!person) return null;
  if (!world.social.privacyOf(person).shows('status', device.person)) return node('status', { code: '401' });
  const { text, at } = world.social.profileOf(person).about;
  return node('status', { t: seconds(at) }, Buffer.from(text));
}

function messageTimer({ person }: Asked, { world }: Query): Stanza | null {
  if (!person) return null;
  const { timer } = world.social.profileOf(person);
  return node('disappearing_mode', { duration: String(timer.seconds), t: seconds(timer.at) });
}

const seconds = (date: Date): string => String(Math.floor(date.getTime() / 1000));

/** One answer for each protocol a query may name; for one that is not here a user is said to have nothing. */
const PROTOCOLS: Readonly<Record<string, (asked: Asked, query: Query) => Stanza | null>> = {
  devices: deviceList,
  lid: hiddenId,
  contact: ({ person, phone }) =>
    node('contact', { type: person ? 'in' : 'out' }, phone === null ? undefined : Buffer.from(phone)),
  status: aboutText,
  disappearing_mode: messageTimer,
};

function sync(query: Query): void {
  const { world, about, request, reply } = query;
  const { sid = '', mode = 'query', context = 'interactive' } = about.attrs;
  const protocols = children(child(about, 'query')).map(({ tag }) => tag);
  if (protocols.some((protocol) => !(protocol in PROTOCOLS))) world.unhandled(request);
  const users = children(child(about, 'list'), 'user').map((user) => {
    const asked = readAsked(world, user);
    const answers = protocols.flatMap((protocol) => PROTOCOLS[protocol]?.(asked, query) ?? []);
    return node('user', { jid: asked.jid }, answers);
  });
  const result = protocols.map((protocol) => node(protocol));
  const attrs = { sid, index: '0', last: 'true', mode, context };
  reply(node('usync', attrs, [node('result', {}, result), node('list', {}, users)]));
}

export const usyncQueries: QueryTable = { 'usync/get/usync': sync };
