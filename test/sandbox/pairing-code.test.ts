import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { UserFacingSocketConfig } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, loggedInClient, memoryAuth, next, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { within } from '../support/deadline.ts';

const PHONE = '15550100001';
const DEADLINE_MS = 10_000;
const CODE = 'ABCD1234';
let sandbox: Sandbox;
let account: Account;
const open: WhatsAppClient[] = [];

beforeEach(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account(PHONE);
});

afterEach(async () => {
  const complaints = open.flatMap((client) => client.complaints);
  for (const client of open.splice(0)) await disconnect(client);
  await sandbox.stop();
  expect(complaints.filter((line) => !line.includes('"code":"515"'))).toEqual([]);
  expect(sandbox.unhandled).toEqual([]);
});

async function clientWithCode(code?: string, options: Partial<UserFacingSocketConfig> = {}) {
  const client = connectClient(sandbox, memoryAuth(), options);
  open.push(client);
  await next(client, 'qr');
  return { client, code: await requestCode(client, code) };
}

/** Asks for a code, and waits for the server's answer, as the client does not. */
async function requestCode(client: WhatsAppClient, code?: string): Promise<string> {
  const answered = once(client.socket.ws, 'CB:iq,type');
  const shown = await client.socket.requestPairingCode(PHONE, code);
  await within(DEADLINE_MS, 'the answer to the request', answered);
  return shown;
}

test('a client whose code is typed at the phone is linked, registered, and talks', async () => {
  const { client: pairing, code } = await clientWithCode();
  expect(code).toHaveLength(8);
  expect(pairing.auth.creds.registered).toBe(false);
  const closed = next(pairing, 'close');
  const typed = `${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`;
  const { deviceId } = await account.enterCode(typed);
  expect(await closed).toEqual([515]);
  expect(pairing.auth.creds.registered).toBe(true);
  expect(pairing.auth.creds.me).toMatchObject({ id: `${PHONE}:${deviceId}@s.whatsapp.net` });

  const client = await loggedInClient(sandbox, pairing.auth);
  open.push(client);
  const { messageId } = await sandbox.contact('15550100011').say(account, 'hello');
  await receives(client, 'the text', ({ key }) => key.id === messageId);
  expect(account.linkedDevices()).toMatchObject([{ deviceId, online: true }]);
});

test('a wrong code links nothing, and the right one does afterwards', async () => {
  const { client } = await clientWithCode(CODE);
  await expect(account.enterCode('ABCD1235')).rejects.toThrow('Wrong code');
  expect(account.linkedDevices()).toEqual([]);
  const closed = next(client, 'close');
  await account.enterCode(CODE);
  expect(await closed).toEqual([515]);
  expect(account.linkedDevices()).toHaveLength(1);
});

test('the last code a client asked for is the one that counts, and its QR codes end with it', async () => {
  const { client } = await clientWithCode(CODE);
  await requestCode(client, 'WXYZ6789');
  await expect(account.enterCode(CODE)).rejects.toThrow('Wrong code');
  const closed = next(client, 'close');
  await account.enterCode('WXYZ6789');
  await closed;
  await expect(account.enterCode('WXYZ6789')).rejects.toThrow('No client asks to be linked');
});

test('a code that nobody asked for, or that is no code, is refused', async () => {
  await expect(account.enterCode(CODE)).rejects.toThrow(`No client asks to be linked to ${PHONE}`);
  await expect(account.enterCode('ABC')).rejects.toThrow('8 characters');
});

test('the code of a client that leaves links nothing', async () => {
  const { client } = await clientWithCode(CODE);
  const { promise: shown, resolve } = Promise.withResolvers<boolean>();
  sandbox.events.on('stanza', ({ node }) => node.attrs['type'] === 'link_code_companion_reg' && resolve(true));
  const typing = account.enterCode(CODE);
  const refused = expect(typing).rejects.toThrow('The client left');
  await shown;
  await disconnect(client);
  await refused;
  expect(account.linkedDevices()).toEqual([]);
});

test('a client that names a product where an operating system belongs is refused its code without noticing', async () => {
  const answers: string[] = [];
  sandbox.events.on('stanza', ({ direction, node }) => {
    if (direction === 'out' && node.attrs['type'] === 'error') answers.push(JSON.stringify(node.content));
  });
  await clientWithCode(CODE, { browser: ['My Product', 'Chrome', '1.0'] });
  await expect(account.enterCode(CODE)).rejects.toThrow('No client asks');
  expect(answers).toEqual([expect.stringContaining('bad-request')]);
});
