import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  linkedClient,
  loggedInClient,
  memoryAuth,
  next,
} from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';

const PHONE = '15550100001';
let sandbox: Sandbox;
let open: WhatsAppClient[] = [];

beforeEach(async () => {
  sandbox = await startSandbox();
});

afterEach(async () => {
  for (const client of open) await disconnect(client);
  open = [];
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

async function clientWithQr() {
  const client = connectClient(sandbox, memoryAuth());
  open.push(client);
  const [qr] = await next(client, 'qr');
  return { client, qr };
}

/** The QR text with the part at this place (reference, Noise key, identity key, secret) replaced. */
function withPart(qr: string, place: number, value: string): string {
  const [prefix = '', payload = ''] = qr.split('#');
  return `${prefix}#${payload.split(',').with(place, value).join(',')}`;
}

const someKey = Buffer.alloc(32, 7).toString('base64');

test('a client that shows a QR code is linked by a scan, told to restart, and logs in as that account', async () => {
  const account = sandbox.account(PHONE);
  const { client: pairing, qr } = await clientWithQr();
  const closed = next(pairing, 'close');
  const { deviceId } = await account.scan(qr);
  expect(await closed).toEqual([515]);
  expect(pairing.auth.creds.me).toMatchObject({ id: `${PHONE}:${deviceId}@s.whatsapp.net` });
  expect(account.isOnline()).toBe(false);

  const client = await loggedInClient(sandbox, pairing.auth);
  open.push(client);
  expect(account.linkedDevices()).toMatchObject([{ deviceId, online: true }]);
  expect(client.complaints).toEqual([]);
});

test('a code of another sandbox, and a text that is no code, are refused', async () => {
  const account = sandbox.account(PHONE);
  const { qr } = await clientWithQr();
  await expect(account.scan(withPart(qr, 0, '2@elsewhere'))).rejects.toThrow('not from this sandbox');
  await expect(account.scan('https://example.com/#a,b,c,d')).rejects.toThrow('not a WhatsApp linking QR code');
  expect(account.linkedDevices()).toEqual([]);
});

test('a code whose client has gone, or that was used, is no longer valid', async () => {
  const account = sandbox.account(PHONE);
  const { client, qr } = await clientWithQr();
  const other = await clientWithQr();
  const closed = next(client, 'close');
  await account.scan(qr);
  await closed;
  await expect(account.scan(qr)).rejects.toThrow('no longer valid');

  await disconnect(other.client);
  await expect(account.scan(other.qr)).rejects.toThrow('no longer valid');
});

test('a code with keys other than those of its client is refused', async () => {
  const account = sandbox.account(PHONE);
  const { qr } = await clientWithQr();
  await expect(account.scan(withPart(qr, 1, someKey))).rejects.toThrow('not those of the client');
  await expect(account.scan(withPart(qr, 2, someKey))).rejects.toThrow('not those of the client');
});

test('a client refuses the account when the secret of its code was not used', async () => {
  const account = sandbox.account(PHONE);
  const { client, qr } = await clientWithQr();
  const closed = next(client, 'close');
  await expect(account.scan(withPart(qr, 3, someKey))).rejects.toThrow('did not accept the scan');
  await closed;
  expect(account.linkedDevices()).toEqual([]);
});

test('one account has several linked devices, each with a number of its own', async () => {
  const account = sandbox.account(PHONE);
  open.push(await linkedClient(sandbox, account), await linkedClient(sandbox, account));
  expect(account.linkedDevices()).toMatchObject([
    { deviceId: 1, online: true },
    { deviceId: 2, online: true },
  ]);
});

test('a client comes back by the route it was told', async () => {
  const client = await linkedClient(sandbox, sandbox.account(PHONE));
  expect(client.auth.creds.routingInfo).toHaveLength(4);
  await disconnect(client);
  open.push(await loggedInClient(sandbox, client.auth));
});

test('a second login of a device ends the first one as replaced', async () => {
  const account = sandbox.account(PHONE);
  const first = await linkedClient(sandbox, account);
  const replaced = next(first, 'close');
  open.push(await loggedInClient(sandbox, first.auth));
  expect(await replaced).toEqual([440]);
  expect(account.linkedDevices()).toMatchObject([{ online: true }]);
});

test('a client that logs out is removed, and refused when it comes back', async () => {
  const account = sandbox.account(PHONE);
  const client = await linkedClient(sandbox, account);
  const closed = next(client, 'close');
  await client.socket.logout();
  expect(await closed).toEqual([401]);
  const again = connectClient(sandbox, client.auth);
  expect(await next(again, 'close')).toEqual([401]);
  expect(account.linkedDevices()).toEqual([]);
});

test('a device that the phone unlinks is told so and stays out', async () => {
  const account = sandbox.account(PHONE);
  const client = await linkedClient(sandbox, account);
  const closed = next(client, 'close');
  await account.unlink(1);
  expect(await closed).toEqual([401]);
  await expect(account.unlink(1)).rejects.toThrow('no linked device 1');
  const again = connectClient(sandbox, client.auth);
  expect(await next(again, 'close')).toEqual([401]);
});

test('a login with a Noise key other than the registered one fails with 401', async () => {
  const client = await linkedClient(sandbox, sandbox.account(PHONE));
  await disconnect(client);
  const impostor = connectClient(sandbox, {
    ...client.auth,
    creds: { ...client.auth.creds, noiseKey: memoryAuth().creds.noiseKey },
  });
  expect(await next(impostor, 'close')).toEqual([401]);
});

test('logins are refused with the failure a test asks for', async () => {
  const client = await linkedClient(sandbox, sandbox.account(PHONE));
  await disconnect(client);
  const refusing = sandbox.trouble.begin({ name: 'login-failure', settings: { reason: 503 } });
  expect(await next(connectClient(sandbox, client.auth), 'close')).toEqual([503]);
  refusing?.stop();
  open.push(await loggedInClient(sandbox, client.auth));
});

test('a number is one person only, and must be a number', () => {
  sandbox.account(PHONE);
  expect(() => sandbox.contact(PHONE)).toThrow('already somebody');
  expect(() => sandbox.account('+1 555')).toThrow('not a phone number');
  expect(sandbox.account(PHONE)).toBe(sandbox.account(PHONE));
});
