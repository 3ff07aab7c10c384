import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runSandbox } from '../../runtime/sandbox/cli.ts';
import {
  connectClient,
  disconnect,
  loggedInClient,
  memoryAuth,
  next,
  receives,
  textOf,
} from '../support/baileys-client.ts';
import { controlCaller } from '../support/control-call.ts';
import { within } from '../support/deadline.ts';

const DEADLINE_MS = 10_000;
const stopping = { controller: new AbortController(), done: Promise.resolve(0) };
let settings: Map<string, string>;
let control: string;

/** Starts the command, and gives back once it has printed everything a user needs. */
beforeEach(async () => {
  stopping.controller = new AbortController();
  settings = new Map();
  const ready = Promise.withResolvers<boolean>();
  const print = (line: string) => {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (name) settings.set(name, value);
    control = /^Steered at (.+)$/.exec(line)?.[1] ?? control;
    if (settings.has('WHATSAPP_ROOT_KEY')) ready.resolve(true);
  };
  stopping.done = runSandbox(['--empty'], stopping.controller.signal, print);
  await within(DEADLINE_MS, 'the command', Promise.race([ready.promise, stopping.done]));
});

afterEach(async () => {
  stopping.controller.abort();
  await stopping.done;
});

const call = controlCaller(() => control);

test('another process links a client, talks through a contact and reads its screen', async () => {
  const sandbox = { url: settings.get('WHATSAPP_WS_URL') ?? '', rootKey: settings.get('WHATSAPP_ROOT_KEY') ?? '' };
  const pairing = connectClient(sandbox, memoryAuth());
  const closed = next(pairing, 'close');
  const [qr] = await next(pairing, 'qr');
  expect(await call('POST', '/accounts/15550100001/scan', { qr })).toEqual({ status: 200, body: { deviceId: 1 } });
  await closed;
  const client = await loggedInClient(sandbox, pairing.auth);

  const made = await call('POST', '/contacts', { phone: '15550100011', name: 'Ann', echo: true });
  expect(made).toMatchObject({ status: 200, body: { phone: '15550100011', name: 'Ann' } });
  const waiting = call('GET', '/contacts/15550100011/wait?text=from%20afar&timeout=10');
  const sent = await client.socket.sendMessage('15550100011@s.whatsapp.net', { text: 'hello from afar' });
  const row = { messageId: sent?.key.id, text: 'hello from afar', from: '15550100001', arrivals: 1 };
  expect(await waiting).toMatchObject({ status: 200, body: row });
  expect((await call('GET', '/contacts/15550100011/screen')).body).toMatchObject({ screen: [row] });
  await receives(client, 'the echo', (message) => textOf(message) === 'hello from afar');
  const read = await call('POST', '/contacts/15550100011/read', { messageId: sent?.key.id });
  expect(read.status).toBe(200);
  const said = await call('POST', '/contacts/15550100011/say', { to: '15550100001', text: 'and back' });
  await receives(client, 'the text', ({ key }) => key.id === said.body['messageId']);
  expect((await call('GET', '/state')).body).toMatchObject({
    accounts: [{ phone: '15550100001', online: true, linkedDevices: [{ deviceId: 1 }] }],
    contacts: [{ phone: '15550100011', name: 'Ann', messages: 1 }],
    unhandled: [],
  });
  expect(client.complaints).toEqual([]);
  await disconnect(client);
});

test.each([
  ['POST', '/contacts', { phone: '15550100011', colour: 'red' }, 400, 'unknown field "colour"'],
  ['POST', '/contacts', { name: 'Ann' }, 400, 'phone must be a string'],
  ['POST', '/contacts', { phone: 'Ann' }, 400, 'not a phone number'],
  ['POST', '/contacts', { phone: '15550100011', readsAtOnce: 'yes' }, 400, 'readsAtOnce must be a boolean'],
  ['POST', '/contacts', [], 400, 'must be a JSON object'],
  ['POST', '/accounts/15550100001/scan', { qr: 'nonsense' }, 400, 'not a WhatsApp linking QR code'],
  ['POST', '/contacts/15550100019/say', { to: '15550100001', text: 'hi' }, 404, 'nobody has 15550100019'],
  ['GET', '/contacts/15550100019/screen', undefined, 404, 'nobody has'],
  ['POST', '/accounts/15550100001/code', { code: 'ABC' }, 400, 'has 8 characters'],
  ['POST', '/accounts/15550100009/unlink', { deviceId: 1 }, 404, 'is not an account'],
  ['GET', '/nowhere', undefined, 404, 'no such thing'],
  ['POST', '/state', {}, 405, 'no such thing'],
] as const)('%s %s with %j is refused with a sentence', async (method, path, body, status, sentence) => {
  const answer = await call(method, path, body);
  expect(answer).toEqual({ status, body: { error: expect.stringContaining(sentence) } });
});

test('a wait ends at its deadline, and its length has bounds', async () => {
  await call('POST', '/contacts', { phone: '15550100011' });
  expect(await call('GET', '/contacts/15550100011/wait?text=never&timeout=0')).toMatchObject({ status: 408 });
  expect(await call('GET', '/contacts/15550100011/wait?text=never&timeout=999')).toMatchObject({ status: 400 });
});

test('the command refuses what is not a port', async () => {
  const { signal } = new AbortController();
  await expect(runSandbox(['--port', 'eighty'], signal, () => undefined)).rejects.toThrow(
    '--port must be a port number',
  );
  await expect(runSandbox(['--unknown'], signal, () => undefined)).rejects.toThrow();
});

test('another process types a pairing code at the phone', async () => {
  const sandbox = { url: settings.get('WHATSAPP_WS_URL') ?? '', rootKey: settings.get('WHATSAPP_ROOT_KEY') ?? '' };
  const client = connectClient(sandbox, memoryAuth());
  await next(client, 'qr');
  const code = await client.socket.requestPairingCode('15550100002');
  const closed = next(client, 'close');
  expect(await call('POST', '/accounts/15550100002/code', { code })).toEqual({ status: 200, body: { deviceId: 1 } });
  expect(await closed).toEqual([515]);
  expect(await call('POST', '/accounts/15550100002/unlink', { deviceId: 1 })).toEqual({ status: 200, body: {} });
});
