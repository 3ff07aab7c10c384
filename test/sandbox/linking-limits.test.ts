import { afterEach, expect, test } from '@jest/globals';
import type { UserFacingSocketConfig } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox, SandboxOptions } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  linkedClient,
  loggedInClient,
  memoryAuth,
  next,
  receives,
} from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';

const PHONE = '15550100001';
let sandbox: Sandbox;
const open: WhatsAppClient[] = [];

async function start(options: SandboxOptions = {}) {
  sandbox = await startSandbox({ preKeyStock: 'ample', ...options });
  return sandbox.account(PHONE);
}

async function clientWithQr(options: Partial<UserFacingSocketConfig> = {}) {
  const client = connectClient(sandbox, memoryAuth(), options);
  open.push(client);
  const [qr] = await next(client, 'qr');
  return { client, qr };
}

afterEach(async () => {
  const complaints = open.flatMap((client) => client.complaints);
  for (const client of open.splice(0)) await disconnect(client);
  await sandbox.stop();
  // A client that has just been linked is told to restart, and logs that as an error.
  expect(complaints.filter((line) => !line.includes('"code":"515"'))).toEqual([]);
  expect(sandbox.unhandled).toEqual([]);
});

test('a client that is told of an ample stock makes no one-time keys, and is written to all the same', async () => {
  const account = await start({ preKeyStock: 'ample' });
  const client = await linkedClient(sandbox, account);
  open.push(client);
  expect(client.auth.creds.nextPreKeyId).toBe(1);
  const { messageId } = await sandbox.contact('15550100011').say(account, 'hello');
  await receives(client, 'the text', ({ key }) => key.id === messageId);
});

test('a client whose keys are counted uploads a stock', async () => {
  const account = await start({ preKeyStock: 'counted' });
  const client = await linkedClient(sandbox, account);
  open.push(client);
  expect(client.auth.creds.nextPreKeyId).toBeGreaterThan(800);
});

test('a code that was shown for too long has expired, and the client can still be linked by a later one', async () => {
  const account = await start({ qr: { firstLifeMs: -1, lifeMs: 60_000 } });
  const { client, qr } = await clientWithQr({ qrTimeout: 200 });
  await expect(account.scan(qr)).rejects.toThrow('This QR code has expired');
  expect(account.linkedDevices()).toEqual([]);
  const [second] = await next(client, 'qr');
  const closed = next(client, 'close');
  await account.scan(second);
  expect(await closed).toEqual([515]);
});

test('a client whose codes nobody scanned gives up when it has shown them all', async () => {
  await start({ qr: { references: 2 } });
  const { client } = await clientWithQr({ qrTimeout: 50 });
  await next(client, 'qr');
  expect(await next(client, 'close')).toEqual([408]);
});

/** Scans the code of a new client; resolves with that client when it was told to restart. */
async function link(account: Account, auth = memoryAuth()) {
  const client = connectClient(sandbox, auth);
  open.push(client);
  const closed = next(client, 'close');
  const [qr] = await next(client, 'qr');
  const { deviceId } = await account.scan(qr);
  await closed;
  return { client, deviceId };
}

test('an account has four linked devices at most, and room again when one is unlinked', async () => {
  const account = await start();
  for (const expected of [1, 2, 3, 4]) expect((await link(account)).deviceId).toBe(expected);
  const { client, qr } = await clientWithQr();
  await expect(account.scan(qr)).rejects.toThrow('4 linked devices, as many as WhatsApp allows');
  await account.unlink(2);
  const closed = next(client, 'close');
  expect(await account.scan(qr)).toEqual({ deviceId: 5 });
  await closed;
});

test('a phone that does not manage to link leaves the client waiting for the next scan', async () => {
  const account = await start();
  const { client, qr } = await clientWithQr();
  const refused = sandbox.trouble.begin({ name: 'linking-refused', phone: PHONE });
  await expect(account.scan(qr)).rejects.toThrow("Couldn't link device");
  refused?.stop();
  const closed = next(client, 'close');
  await account.scan(qr);
  expect(await closed).toEqual([515]);
});

test('a client that was unlinked is linked again with the keys it had, as a new device', async () => {
  const account = await start();
  const { client, deviceId } = await link(account);
  await account.unlink(deviceId);
  const { me: _me, account: _account, ...rest } = client.auth.creds;
  const again = await link(account, { ...client.auth, creds: rest });
  expect(again.deviceId).toBe(2);
  open.push(await loggedInClient(sandbox, again.client.auth));
  expect(account.linkedDevices()).toMatchObject([{ deviceId: 2, online: true }]);
});

test('codes that are made to expire can be scanned no longer, and a new connection shows others', async () => {
  const account = await start();
  const { qr } = await clientWithQr();
  sandbox.trouble.begin({ name: 'qr-expired' });
  await expect(account.scan(qr)).rejects.toThrow('has expired');
  const { client, qr: another } = await clientWithQr();
  const closed = next(client, 'close');
  await account.scan(another);
  expect(await closed).toEqual([515]);
});
