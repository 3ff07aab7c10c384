/** People and groups as WhatsApp shows them: chats to choose from, members, pictures, about texts, typing, reading, presence. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Contact, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { eventually } from '../support/deadline.ts';
import { API_KEY, friendOf, onFlow, PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
let flow: Flow;
let receiver: Receiver;
let account: Account;
let ann: Contact;
let ben: Contact;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow());
  trustMediaHost(flow.sandbox);
  account = flow.sandbox.account(PHONE);
  ann = flow.sandbox.contact('15550104001', { name: 'Ann Archer' });
  await friendOf(flow, receiver, ann.phone);
  ben = flow.sandbox.contact('15550104002', { name: 'Ben' });
  await friendOf(flow, receiver, ben.phone);
}, 60_000);
afterAll(async () => {
  await flow.end();
  await receiver.stop();
}, 30_000);

const get = async (path: string) => (await flow.call('GET', `/sessions/sales${path}`)).body;
const heard = (messageId: string) => receiver.next(({ data }) => data.messageId === messageId);

/** Stanzas of a kind that the client sends. */
function sent(tag: string) {
  const seen: SandboxEvents['stanza'][0]['node'][] = [];
  const note = ({ direction, node }: SandboxEvents['stanza'][0]) =>
    direction === 'in' && node.tag === tag && seen.push(node);
  flow.sandbox.events.on('stanza', note);
  return { seen, stop: () => flow.sandbox.events.off('stanza', note) };
}

describe('groups', () => {
  test.each(['lid', 'pn'] as const)('are shown with their members when they name them by %s', async (addressing) => {
    const dora = flow.sandbox.contact(addressing === 'lid' ? '15550104011' : '15550104012');
    const options = {
      subject: `Choir ${addressing}`,
      description: 'On Mondays',
      owner: ann,
      admins: [ben],
      addressing,
    };
    const group = flow.sandbox.group({ ...options, members: [ann, ben, dora, account] });
    const { data } = await get(`/groups/${group.jid}`);
    const facts = {
      jid: group.jid,
      subject: options.subject,
      description: 'On Mondays',
      size: 4,
      onlyAdminsWrite: false,
    };
    expect(data).toMatchObject(facts);
    const members = Object.fromEntries(data.members.map((each: { phone: string }) => [each.phone, each]));
    const { data: known } = await get(`/contacts/${ann.phone}`);
    const named = addressing === 'lid' ? ann.lid : ann.jid;
    expect(members[`+${ann.phone}`]).toEqual({ ...known, jid: named, role: 'owner' });
    expect(members[`+${ben.phone}`]).toMatchObject({ role: 'admin', pushName: 'Ben' });
    expect(members[`+${dora.phone}`]).toMatchObject({ role: 'member', contactId: null, lid: dora.lid, pushName: null });
    expect((await get(`/groups/${group.jid}/members`)).data.members).toEqual(data.members);
  });

  test('in which the account is not, or that are none, are not found', async () => {
    const group = flow.sandbox.group({ subject: 'Others', members: [ann, ben] });
    for (const path of [group.jid, '120363000000000000@g.us', ann.phone])
      expect((await get(`/groups/${path}`)).error.code).toBe('group_not_found');
  });
});

test('chats are listed, the one active last first, searched by name, number and address, and turned by pages', async () => {
  await onFlow(async (own, receives) => {
    await own.link('shop', PHONE, { webhookUrl: receives.url });
    const [cleo, dan] = [
      own.sandbox.contact('15550104021', { name: 'Cleo' }),
      own.sandbox.contact('15550104022', { name: 'Dan' }),
    ];
    await friendOf(own, receives, cleo.phone);
    await friendOf(own, receives, dan.phone);
    const group = own.sandbox.group({ subject: 'Cleo and friends', members: [cleo, own.sandbox.account(PHONE)] });
    const { messageId } = await cleo.say(group, 'hello all');
    await receives.next(({ data }) => data.messageId === messageId);
    const list = async (query = '') => (await own.call('GET', `/sessions/shop/chats${query}`)).body;
    const names = async (query: string) => (await list(query)).data.chats.map(({ name }: { name: string }) => name);
    const { chats, nextCursor } = (await list()).data;
    expect(nextCursor).toBeNull();
    expect(chats.map(({ name }: { name: string }) => name)).toEqual(['Cleo and friends', 'Dan', 'Cleo']);
    expect(chats[0]).toMatchObject({ jid: group.jid, kind: 'group', contactId: null, activeAt: expect.any(Number) });
    expect(chats[1]).toMatchObject({ kind: 'person', phone: `+${dan.phone}`, contactId: expect.stringMatching(/^c_/) });
    expect(await names('?search=cleo')).toEqual(['Cleo and friends', 'Cleo']);
    expect(await names('?search=cleo&kind=person')).toEqual(['Cleo']);
    expect(await names(`?search=${encodeURIComponent('+1 555 010-4022')}`)).toEqual(['Dan']);
    expect(await names(`?search=${group.jid}`)).toEqual(['Cleo and friends']);
    const first = (await list('?limit=2')).data;
    expect(await names(`?limit=2&cursor=${first.nextCursor}`)).toEqual(['Cleo']);
    expect((await list('?cursor=x')).error.code).toBe('invalid_cursor');

    const groups = (await own.call('GET', '/sessions/shop/groups')).body.data;
    expect(groups.groups).toMatchObject([{ jid: group.jid, subject: 'Cleo and friends', size: 2 }]);
    await own.call('POST', '/sessions/shop/disconnect');
    await own.reaches('shop', 'disconnected');
    expect((await own.call('GET', '/sessions/shop/groups')).body.data).toEqual(groups);
    expect(await names('?kind=group')).toEqual(['Cleo and friends']);
    const away = await own.call('POST', `/sessions/shop/chats/${dan.phone}/typing`, { state: 'typing' });
    expect([away.status, away.body.error.code]).toEqual([409, 'session_not_connected']);
  });
}, 60_000);

describe('a picture and an about text', () => {
  const picture = async (of: string, query = '') => {
    const response = await fetch(new URL(`/sessions/sales/chats/${of}/picture${query}`, flow.app?.url), {
      headers: { authorization: `Bearer ${API_KEY}` },
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, type: response.headers.get('content-type'), bytes };
  };

  test('are shown, and asked of WhatsApp once', async () => {
    ann.setPicture(SAMPLES.jpeg);
    ann.setAbout('Singing');
    const asked = sent('iq');
    for (let times = 0; times < 2; times++) {
      const shown = await picture(ann.phone);
      expect([shown.status, shown.type, shown.bytes.equals(SAMPLES.jpeg)]).toEqual([200, 'image/jpeg', true]);
      expect((await get(`/contacts/${ann.phone}/about`)).data).toEqual({ text: 'Singing', at: expect.any(Number) });
    }
    asked.stop();
    const kinds = asked.seen.map(({ attrs }) => attrs['xmlns']).filter((kind) => kind !== 'w:p');
    expect(kinds.toSorted()).toEqual(['usync', 'w:profile:picture']);
  });

  test('that are hidden or not there are none', async () => {
    const shy = flow.sandbox.contact('15550104031');
    shy.setPicture(SAMPLES.jpeg);
    shy.setAbout('secret');
    shy.setPrivacy('profile', 'none');
    shy.setPrivacy('status', 'none');
    const hidden = await picture(shy.phone);
    expect([hidden.status, JSON.parse(hidden.bytes.toString()).error.code]).toEqual([404, 'picture_not_found']);
    expect((await get(`/contacts/${shy.phone}/about`)).data).toEqual({ text: null, at: null });
  });
});

test('look-ups of people are refused when those of an hour are used up', async () => {
  await onFlow(
    async (own) => {
      await own.link('shop');
      const about = (phone: string) => own.call('GET', `/sessions/shop/contacts/${phone}/about`);
      const [first, second] = ['15550104041', '15550104042'].map((phone) => own.sandbox.contact(phone).phone);
      expect((await about(first ?? '')).status).toBe(200);
      const refused = await about(second ?? '');
      expect([refused.status, refused.body.error.code]).toEqual([429, 'look_ups_used_up']);
      expect(refused.body.error.retryAfter).toBeGreaterThan(0);
      expect((await about(first ?? '')).status).toBe(200);
    },
    { environment: { NUMBER_CHECKS_PER_HOUR: '1' } },
  );
}, 60_000);

test('typing and recording show in the chat until they are stopped, and the account goes online for it', async () => {
  const states = sent('chatstate');
  const presence = sent('presence');
  const show = (state: string) => flow.call('POST', `/sessions/sales/chats/${ann.phone}/typing`, { state });
  for (const state of ['typing', 'recording', 'stopped']) expect((await show(state)).body.data).toEqual({ state });
  await eventually(
    DEADLINE_MS,
    'three states',
    () => states.seen.length,
    (length) => length === 3,
  );
  states.stop();
  presence.stop();
  const shown = states.seen.map(({ content }) => (content as { tag: string; attrs: Record<string, string> }[])[0]);
  expect(shown).toMatchObject([
    { tag: 'composing' },
    { tag: 'composing', attrs: { media: 'audio' } },
    { tag: 'paused' },
  ]);
  expect(presence.seen.map(({ attrs }) => attrs['type'])).toEqual(['available']);
  const wrong = await show('singing');
  expect([wrong.status, wrong.body.error.code]).toEqual([400, 'invalid_request']);
});

test('messages are marked as read: the last one, or those that are named, in a group as well', async () => {
  const read = (chat: string, body: object = {}) => flow.call('POST', `/sessions/sales/chats/${chat}/read`, body);
  const isRead = (by: Contact, messageId: string) =>
    eventually(
      DEADLINE_MS,
      'a read receipt',
      () => by.receiptsFor(messageId).map(({ kind }) => kind),
      (kinds) => kinds.includes('read'),
    );
  const { messageId } = await ann.say(account, 'have you seen this?');
  await heard(messageId);
  await eventually(
    DEADLINE_MS,
    'one marked',
    async () => (await read(ann.phone)).body.data,
    ({ marked }) => marked === 1,
  );
  await isRead(ann, messageId);
  const group = flow.sandbox.group({ subject: 'Readers', members: [ann, ben, account] });
  const said = await Promise.all([ann.say(group, 'one'), ben.say(group, 'two')]);
  for (const each of said) await heard(each.messageId);
  const both = await read(group.jid, { messageIds: said.map((each) => each.messageId) });
  expect(both.body.data).toEqual({ marked: 2 });
  await isRead(ann, said[0].messageId);
  await isRead(ben, said[1].messageId);
  const unknown = await read(ann.phone, { messageIds: ['3EB0000000000000000000'] });
  expect([unknown.status, unknown.body.error.code]).toEqual([404, 'message_not_found']);
});

test('whether somebody is there is told, as far as they show it', async () => {
  const presence = async (phone: string) =>
    (await flow.call('POST', `/sessions/sales/chats/${phone}/presence`)).body.data.presence;
  ben.comesOnline();
  // WhatsApp tells an account that is online itself.
  await flow.call('POST', `/sessions/sales/chats/${ben.phone}/typing`, { state: 'stopped' });
  expect(await presence(ben.phone)).toEqual({ state: 'online', lastSeenAt: null });
  const lastSeen = new Date('2026-11-25T10:00:00Z');
  ben.goesOffline(lastSeen);
  expect(await presence(ben.phone)).toEqual({ state: 'offline', lastSeenAt: lastSeen.getTime() });
});

test('who is not known is not found', async () => {
  expect((await get('/contacts/15550104099')).error.code).toBe('contact_not_found');
  expect((await get('/contacts/c_00000000000000000000/about')).error.code).toBe('contact_not_found');
});
