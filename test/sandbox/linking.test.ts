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

const PHONE = '15550100001';
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startSandbox();
});

afterEach(async () => {
  const unhandled = [...sandbox.unhandled];
  await sandbox.stop();
  expect(unhandled).toEqual([]);
});

test('a client that shows a QR code is linked by a scan, told to restart, and logs in as that account', async () => {
  const account = sandbox.account(PHONE);
  const auth = memoryAuth();
  const pairing = connectClient(sandbox, auth);
  const closed = next(pairing, 'close');
  const [qr] = await next(pairing, 'qr');
  const { deviceId } = await account.scan(qr);
  expect(await closed).toEqual([515]);
  expect(auth.creds.me).toMatchObject({ id: `${PHONE}:${deviceId}@s.whatsapp.net` });
  expect(account.isOnline()).toBe(false);

  const client = await loggedInClient(sandbox, auth);
  expect(account.linkedDevices()).toMatchObject([{ deviceId, online: true }]);
  expect(client.complaints).toEqual([]);
  await disconnect(client);
});
