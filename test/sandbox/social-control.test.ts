import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { controlCaller } from '../support/control-call.ts';

let sandbox: Sandbox;
const ANN = '15550100011';
const BEN = '15550100012';
const ACCOUNT = '15550100001';

beforeAll(async () => {
  sandbox = await startSandbox({ controlPort: 0 });
  sandbox.account(ACCOUNT);
  for (const phone of [ANN, BEN]) sandbox.contact(phone);
});

afterAll(() => sandbox.stop());

const call = controlCaller(() => sandbox.controlUrl);
const post = (path: string, body: object) => call('POST', path, body);

const ok = { status: 200, body: {} };

test('a picture may be larger than other bodies', async () => {
  const picture = (bytes: number) =>
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(bytes)]).toString('base64');
  expect(await post(`/people/${BEN}/picture`, { base64: picture(200_000) })).toEqual(ok);
  expect((await post(`/people/${BEN}/picture`, { base64: picture(4_000_000) })).status).toBe(413);
});

test('somebody is given an about text, a business, privacy and a block', async () => {
  const ann = sandbox.contact(ANN);
  expect(await post(`/people/${ANN}/trust`, { other: ACCOUNT })).toEqual(ok);
  expect(await post(`/people/${ANN}/about`, { text: 'Gone fishing' })).toEqual(ok);
  expect(ann.about).toBe('Gone fishing');
  expect(await post(`/people/${ANN}/business`, { category: 'Bakery' })).toEqual(ok);
  expect(ann.business).toEqual({ category: 'Bakery' });
  expect(await post(`/people/${ANN}/business`, {})).toEqual(ok);
  expect(ann.business).toBeNull();
  expect(await post(`/people/${ANN}/privacy`, { setting: 'last', value: 'none' })).toEqual(ok);
  expect(ann.privacy('last')).toBe('none');
  expect(await post(`/people/${ANN}/block`, { other: ACCOUNT, blocked: true })).toEqual(ok);
  expect(ann.hasBlocked(sandbox.account(ACCOUNT))).toBe(true);
  expect(await post(`/people/${ANN}/block`, { other: ACCOUNT, blocked: false })).toEqual(ok);
  expect(ann.hasBlocked(sandbox.account(ACCOUNT))).toBe(false);
});

test('a call is made and ended', async () => {
  const made = await post(`/people/${ANN}/call`, { to: ACCOUNT, video: true });
  expect(made).toMatchObject({ status: 200, body: { from: ANN, to: ACCOUNT, state: 'ringing' } });
  const { callId } = made.body;
  expect(await post(`/people/${BEN}/end-call`, { callId, how: 'hangUp' })).toMatchObject({ status: 404 });
  expect(await post(`/people/${ANN}/end-call`, { callId, how: 'hangUp' })).toMatchObject({
    status: 200,
    body: { callId, state: 'cancelled' },
  });
});

test('somebody comes and goes, and types in a chat and a group', async () => {
  const group = sandbox.group({ subject: 'Crew', members: [{ jid: sandbox.contact(ANN).jid }] });
  for (const [path, body] of [
    ['presence', { online: true }],
    ['presence', { online: false, lastSeen: '2026-11-25T10:00:00Z' }],
    ['chat-state', { to: ACCOUNT, state: 'typing' }],
    ['chat-state', { to: group.jid, state: 'recording' }],
  ] as const) {
    expect(await post(`/people/${ANN}/${path}`, body)).toEqual(ok);
  }
});

test('a contact gets devices, loses them with its phone, and hides its number', async () => {
  const linked = { status: 200, body: { devices: [{ id: 1, messages: 0 }] } };
  const none = { status: 200, body: { devices: [] } };
  expect(await post(`/contacts/${BEN}/link-device`, {})).toEqual(linked);
  expect(await post(`/contacts/${BEN}/unlink-device`, { device: 1 })).toEqual(none);
  await post(`/contacts/${BEN}/link-device`, {});
  expect(await post(`/contacts/${BEN}/reinstall`, { quietly: true })).toEqual(none);
  expect(await post(`/contacts/${BEN}/hide-number`, {})).toEqual(none);
  expect(sandbox.contact(BEN).person.hidesNumber).toBe(true);
  expect(await post(`/contacts/${BEN}/reveal-number`, { tell: true })).toEqual(none);
  expect(sandbox.contact(BEN).person.hidesNumber).toBe(false);
});

test('an account is restricted and freed, and trouble is made on the way to a number', async () => {
  for (const [path, body] of [
    [`/accounts/${ACCOUNT}/restrict`, { until: '2999-01-01T00:00:00Z', enforcement: 'BIZ_QUALITY', told: false }],
    [`/accounts/${ACCOUNT}/lift`, {}],
    [`/accounts/${ACCOUNT}/new-chats`, { quota: 3 }],
    [`/accounts/${ACCOUNT}/new-chats`, {}],
    [`/delivery/${ANN}/refuse`, { error: '479', count: 2 }],
    [`/delivery/${ANN}/refuse`, {}],
    [`/delivery/${ANN}/repeat`, { device: 0, count: 2 }],
    [`/delivery/${ANN}/hold`, {}],
  ] as const) {
    expect([path, await post(path, body)]).toEqual([path, ok]);
  }
  expect(await post(`/delivery/${ANN}/release`, { order: 'reversed' })).toEqual({ status: 200, body: { released: 0 } });
});

test.each([
  [`/people/${ANN}/about`, { text: 'x'.repeat(140) }, 400, '139 characters'],
  [`/people/${ANN}/presence`, { online: false, lastSeen: 'yesterday' }, 400, 'lastSeen must be an ISO time'],
  [`/people/${ANN}/chat-state`, { to: ACCOUNT, state: 'thinking' }, 400, 'state must be one of'],
  [`/people/${ANN}/picture`, { base64: 'AAAA' }, 400, 'must be a JPEG'],
  [`/people/${ANN}/privacy`, { setting: 'shoe-size', value: '42' }, 400, 'there is no privacy setting'],
  [`/contacts/${ANN}/unlink-device`, { device: 5 }, 400, 'has no device 5'],
  [`/contacts/15550100099/link-device`, {}, 404, 'nobody has 15550100099'],
  [`/people/15550100099/about`, { text: 'hi' }, 404, 'nobody has 15550100099'],
  [`/accounts/${ACCOUNT}/restrict`, { until: '2001-01-01T00:00:00Z' }, 400, 'must end in the future'],
  [`/accounts/15550100099/lift`, {}, 400, 'nobody has 15550100099'],
  [`/delivery/${ANN}/refuse`, { error: 'no' }, 400, 'error must be three digits'],
  [`/delivery/${ANN}/repeat`, { count: 0 }, 400, 'count must be a whole number'],
  [`/delivery/${ANN}/repeat`, { device: -1 }, 400, 'device must be a whole number'],
  [`/delivery/${ANN}/release`, { order: 'shuffled' }, 400, 'order must be'],
])('POST %s with %j is refused with a sentence', async (path, body, status, sentence) => {
  expect(await post(path, body)).toEqual({ status, body: { error: expect.stringContaining(sentence) } });
});
