import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { FAULTS, startSandbox, type Sandbox, type Settings } from '../../runtime/sandbox/sandbox.ts';

const PHONE = '15550100001';
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  sandbox.account(PHONE);
});
afterEach(() => sandbox.trouble.stopAll());
afterAll(() => sandbox.stop());

const begin = (name: string, settings: Settings = {}) => sandbox.trouble.begin({ name, phone: PHONE, settings });

/** What the server answers whoever comes without a WebSocket; rejects when it is down. */
const answer = async ({ url } = sandbox) => (await fetch(url.replace('ws:', 'http:'))).status;

test('lists what lasts until it is stopped, and what happens once not at all', () => {
  const fault = begin('deaf');
  expect([...sandbox.trouble.active.values()]).toMatchObject([{ name: 'deaf', phone: PHONE }]);
  fault?.stop();
  fault?.stop();
  expect(sandbox.trouble.active.size).toBe(0);
  expect(begin('repeated')).toBeNull();
});

test.each<[string, Settings, RegExp]>([
  ['no such thing', {}, /there is no fault/],
  ['slow', { ms: 'long' }, /ms must be a number/],
  ['slow', { seconds: 1 }, /slow takes ms/],
  ['slow', { ms: -1 }, /ms must be 0 to/],
  ['acks-late', { ms: -1 }, /ms must be 0 to/],
  ['messages-refused', { error: 'no' }, /error must be three digits/],
  ['spoilt', { count: 0 }, /count must be a whole number from 1/],
  ['repeated', { count: 1.5 }, /count must be a whole number from 1/],
  ['unknown-encryption', { count: 0 }, /count must be a whole number from 1/],
  ['unknown-fields', { field: 0 }, /field must be a whole number from 1/],
  ['unknown-message', { from: 'Bob' }, /not a phone number/],
  ['pre-keys-low', { left: 5 }, /left must be a whole number from 0 to 4/],
  ['stream-error', { code: 5 }, /code must be a whole number from 100 to 999/],
  ['websocket-close', { code: 1006 }, /code must be 1000 to 1014/],
  ['login-failure', { reason: 0 }, /reason must be a whole number from 100/],
  ['temporary-ban', { seconds: 0 }, /seconds must be a whole number from 1/],
  ['version-refused', { version: 'new' }, /version must be three numbers/],
  ['query-refused', { code: 5 }, /code must be a whole number from 100 to 999/],
  ['phone-offline', { days: -1 }, /days must be a whole number from 0/],
])('%s %j is refused and changes nothing', (name, settings, sentence) => {
  expect(() => begin(name, settings)).toThrow(sentence);
  expect(() => sandbox.trouble.begin({ name: 'deaf', phone: '15550100099' })).toThrow(/is not an account/);
  expect(sandbox.trouble.active.size).toBe(0);
});

test.each<[string, Settings, string]>([
  ['upgrade-status', { status: 200 }, 'status must be an HTTP status of a refusal'],
  ['handshake-hang', { step: 'nowhere' }, 'step must be one of upgrade, hello, finish'],
  ['wrong-certificate', { flaw: 'spelling' }, 'flaw must be one of root, issuer, expired, key'],
])('%s of everybody with %j is refused and changes nothing', (name, settings, sentence) => {
  expect(() => sandbox.trouble.begin({ name, settings })).toThrow(sentence);
  expect(sandbox.trouble.active.size).toBe(0);
});

test.each(FAULTS.filter(({ scope }) => scope === 'everybody').map(({ name }) => name))(
  '%s befalls everybody: with a phone it is refused, and nothing happens',
  async (name) => {
    expect(() => begin(name)).toThrow(`${name} befalls everybody, not one account: begin it without a phone`);
    expect(sandbox.trouble.active.size).toBe(0);
    expect(await answer()).toBe(426);
  },
);

test('a sandbox that is stopped while its server is down does not come up again', async () => {
  const own = await startSandbox();
  own.trouble.begin({ name: 'down' });
  await expect(answer(own)).rejects.toThrow();
  await own.stop();
  await expect(answer(own)).rejects.toThrow();
});

test('no two faults have one name, and each says in a sentence what it is', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  for (const { sentence } of FAULTS) expect(sentence).toMatch(/^[A-Z].*\.$/);
});
