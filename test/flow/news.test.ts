/** What the account hears of others besides messages: changes of groups, calls, who is there. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { friendOf, PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import { wrongIn } from '../support/event-check.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

jest.setTimeout(90_000);

let flow: Flow;
let receiver: Receiver;
let everything: Receiver;
let ann: Contact;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow());
  everything = await startReceiver();
  const events = ['group.update', 'call', 'presence'];
  await flow.call('POST', '/webhooks', { url: everything.url, sessionId: 'sales', events });
  ann = await friendOf(flow, receiver, '15550100100');
});

afterAll(async () => {
  await flow?.end();
  await receiver?.stop();
  await everything?.stop();
});

describe.each(['lid', 'pn'] as const)('a group that names its members by %s', (addressing) => {
  test('tells of each change once: who did what, to whom, and what it is now', async () => {
    const ben = flow.sandbox.contact(addressing === 'lid' ? '15550100101' : '15550100102', { name: 'Ben' });
    const group = flow.sandbox.group({
      subject: 'Neighbours',
      members: [ann, flow.sandbox.account(PHONE)],
      addressing,
    });
    const changes: [() => void, object, number][] = [
      [() => undefined, { change: 'created', value: 'Neighbours' }, 0],
      [() => group.add(ben), { change: 'added', value: null }, 1],
      [() => group.promote(ben), { change: 'promoted' }, 1],
      [() => group.setSubject('Good neighbours', ben), { change: 'subject', value: 'Good neighbours' }, 0],
      [() => group.setDescription('Be kind', ben), { change: 'description', value: 'Be kind' }, 0],
      [() => group.demote(ben), { change: 'demoted' }, 1],
      [() => group.leave(ben), { change: 'left' }, 1],
      [() => group.add(ben), { change: 'added' }, 1],
      [() => group.remove(ben), { change: 'removed' }, 1],
    ];
    const told = () =>
      receiver.events.filter(({ event, data }) => event === 'group.update' && data.chat.jid === group.jid);
    for (const [index, [act, expected, members]] of changes.entries()) {
      act();
      const { data } = await receiver.next((event) => told().indexOf(event) === index);
      expect(data).toMatchObject({ chat: { jid: group.jid, isGroup: true, contactId: null }, ...expected });
      expect(data.members).toHaveLength(members);
      for (const member of data.members) expect(member).toMatchObject({ phone: '+' + ben.phone, lid: ben.lid });
    }
    expect(told()).toHaveLength(changes.length);
  });
});

test('a call is told step by step, under one id, with whose it is', async () => {
  const taken = ann.call(flow.sandbox.account(PHONE), { video: true });
  const of = (id: string, status: string) => receiver.next(({ data }) => data.callId === id && data.status === status);
  const { data } = await of(taken.id, 'ringing');
  const { contactId } = (await receiver.next(({ data: message }) => message.text === 'hello')).data.from;
  expect(data).toMatchObject({ video: true, group: null, from: { contactId, phone: `+${ann.phone}` } });
  taken.hangUp();
  await of(taken.id, 'ended');
  const missed = ann.call(flow.sandbox.account(PHONE));
  missed.timeOut();
  expect((await of(missed.id, 'missed')).data).toMatchObject({ video: false });
});

test('presence goes to who asks for it by name; what flickers is told when it has settled', async () => {
  await flow.call('POST', '/messages/text', {
    sessionId: 'sales',
    to: ann.phone,
    text: 'Are you there?',
    humanization: 'fast',
  });
  await ann.waitForMessage(({ text }) => text === 'Are you there?', 30_000);
  const account = flow.sandbox.account(PHONE);
  for (let again = 0; again < 5; again += 1) {
    ann.typing(account);
    ann.paused(account);
  }
  ann.typing(account);
  const { data } = await everything.next(({ event, data: { state } }) => event === 'presence' && state === 'typing');
  expect(data).toMatchObject({ from: { phone: `+${ann.phone}` }, chat: { isGroup: false }, lastSeen: null });
  ann.paused(account);
  await everything.next(
    ({ event, sequence, data: { state } }) => event === 'presence' && state === 'online' && sequence > 1,
  );
  const presences = everything.events.filter(({ event }) => event === 'presence');
  expect(presences.length).toBeLessThan(6);
  expect(receiver.events.filter(({ event }) => event === 'presence')).toEqual([]);
});

test('all that was told is as the JSON Schema says', () => {
  const told = [...receiver.events, ...everything.events];
  expect(new Set(told.map(({ event }) => event))).toEqual(
    new Set(['connection.update', 'qr.update', 'message', 'message.ack', 'group.update', 'call', 'presence']),
  );
  expect(told.map(({ body }) => wrongIn(JSON.parse(body))).filter((wrong) => wrong !== null)).toEqual([]);
});
