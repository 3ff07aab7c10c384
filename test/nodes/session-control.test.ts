import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { controlOn } from '../support/control-node.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100030';
const CODED = '15550100031';
const CHECKER = '15550100032';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

let runtime: RuntimeProcess;
let engine: N8nEngine;

const run = controlOn(() => engine);

beforeAll(async () => {
  runtime = await startRuntime();
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
});

afterAll(async () => {
  await runtime?.stop();
});

test('from nothing to a linked account and back, with nothing but this node and a phone', async () => {
  const [created] = await run('create', {
    sessionId: 'desk',
    additionalFields: { humanization: 'fast', tenantId: 'shop' },
  });
  expect(created?.json).toMatchObject({ sessionId: 'desk', hash: expect.any(String) });

  // Asked for at once, when there is no code yet: the node waits for it.
  const [code] = await run('getQrCode', { binaryPropertyName: 'picture', options: {} });
  expect(code?.json).toMatchObject({ sessionId: 'desk', qr: expect.any(String), expiresIn: expect.any(Number) });
  expect(code?.json).not.toHaveProperty('qrImage');
  const picture = code?.binary?.picture;
  expect(picture).toMatchObject({ mimeType: 'image/png', fileName: 'desk-qr.png' });
  expect(Buffer.from(picture?.data ?? '', 'base64').subarray(0, 4)).toEqual(PNG);

  await runtime.sandbox.scan(ACCOUNT, String(code?.json.qr));
  await runtime.api('GET', '/sessions/desk/wait?status=connected&timeout=30');
  const [status] = await run('getStatus');
  expect(status?.json).toMatchObject({ sessionId: 'desk', status: 'connected' });
  const [session] = await run('get');
  expect(session?.json).toMatchObject({ phone: `+${ACCOUNT}`, tenantId: 'shop', humanization: 'fast' });

  // Linked, it has no code, and says so at once.
  await expect(run('getQrCode', { binaryPropertyName: 'data', options: {} })).rejects.toMatchObject({
    message: 'There is no QR code to scan at this moment.',
    context: { itemIndex: 0 },
  });

  expect((await run('delete')).map(({ json }) => json)).toEqual([{ deleted: true, confirmed: true, action: null }]);
  await expect(run('get')).rejects.toMatchObject({
    message: 'There is no session with this id.',
    description: expect.stringMatching(/./),
  });
});

test('an account is linked with a code typed at its phone, rests, comes back, and is logged out', async () => {
  const item = [{ session: 'coded' }];
  await run('create', { sessionId: 'coded' });
  await run('getQrCode', { binaryPropertyName: 'data', options: {} }, item);
  const [code] = await run('getPairingCode', { phone: `+${CODED}` }, item);
  expect(code?.json).toMatchObject({ code: expect.stringMatching(/^[A-Z0-9]{8}$/), expiresIn: expect.any(Number) });
  await runtime.sandbox.enterCode(CODED, String(code?.json.code));
  const wait = { statuses: ['connected', 'failed'], timeout: 30 };
  expect((await run('wait', wait, item))[0]?.json).toMatchObject({ status: 'connected', reached: true });

  expect((await run('getLimits', {}, item))[0]?.json).toMatchObject({ messages: { used: 0 }, waiting: [] });
  await run('disconnect', {}, item);
  expect((await run('getStatus', {}, item))[0]?.json).toMatchObject({ status: 'disconnected' });
  const late = { statuses: ['qr'], timeout: 1 };
  expect((await run('wait', late, item))[0]?.json).toMatchObject({ status: 'disconnected', reached: false });
  await run('reconnect', {}, item);
  expect((await run('wait', wait, item))[0]?.json).toMatchObject({ reached: true });

  expect((await run('logOut', {}, item))[0]?.json).toEqual({ loggedOut: true, confirmed: true, action: null });
  expect((await run('getStatus', {}, item))[0]?.json).toMatchObject({ status: 'logged_out' });
  await run('delete', { keepLinked: true }, item);
});

test('numbers are checked, one item each; what is no number is refused', async () => {
  const here = '15550100039';
  await runtime.sandbox.contact(here);
  await runtime.linkedSession('checker', CHECKER);
  const check = async (phones: string) => {
    const parameters = { resource: 'contact', phones };
    return (await run('check', parameters, [{ session: 'checker' }])).map(({ json }) => json);
  };
  expect(await check(`+${here},\n+1 555 010 0999`)).toMatchObject([
    { phone: `+${here}`, exists: true, jid: expect.stringContaining('@') },
    { phone: '+15550100999', exists: false },
  ]);
  await expect(check(' , ')).rejects.toMatchObject({ message: 'There is no phone number to check' });
  await expect(check('call me')).rejects.toMatchObject({ httpCode: '400' });
  await run('delete', {}, [{ session: 'checker' }]);
});

test('settings are changed one by one and given back to the runtime', async () => {
  await run('create', { sessionId: 'set' });
  const update = async (updateFields: object) =>
    (await run('update', { updateFields }, [{ session: 'set' }])).map(({ json }) => json);
  const hours = { from: '21:00', to: '08:00', timeZone: 'Europe/Berlin' };
  const fields = { dailyLimit: 50, optOutKeywords: 'stop, basta', humanization: 'slow', quietHours: { hours } };
  expect(await update(fields)).toEqual([
    { dailyLimit: 50, humanization: 'slow', optOutKeywords: ['stop', 'basta'], quietHours: hours },
  ]);
  expect(await update({ dailyLimit: 0, optOutKeywords: '', quietHours: {} })).toEqual([
    { dailyLimit: null, humanization: 'slow', optOutKeywords: null, quietHours: null },
  ]);
  const wrong = { quietHours: { hours: { ...hours, from: 'late' } } };
  await expect(update(wrong)).rejects.toMatchObject({ httpCode: '400', context: { itemIndex: 0 } });
  await run('delete', {}, [{ session: 'set' }]);
});

test('several sessions come as several items, up to the limit, each linked to the item that asked', async () => {
  const ids = ['one', 'two', 'three'];
  await run(
    'create',
    { sessionId: '={{ $json.session }}' },
    ids.map((session) => ({ session })),
  );
  const all = await run('getAll', { returnAll: true });
  expect(all.map(({ json }) => json.sessionId).toSorted()).toEqual(ids.toSorted());
  expect(all.map(({ pairedItem }) => pairedItem)).toEqual(ids.map(() => ({ item: 0 })));
  expect(await run('getAll', { returnAll: false, limit: 2 })).toHaveLength(2);
  await run(
    'delete',
    {},
    ids.map((session) => ({ session })),
  );
});

test('a session without an id gets one; an id that is taken is refused with advice', async () => {
  const [made] = await run('create', { sessionId: '' });
  const sessionId = String(made?.json.sessionId);
  expect(sessionId).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]+$/);
  await expect(run('create', { sessionId })).rejects.toMatchObject({
    message: 'There is already a session with this id.',
    httpCode: '409',
  });
  await run('delete', {}, [{ session: sessionId }]);
});

test('an id from a workflow cannot reach another address of the runtime', async () => {
  await expect(run('get', {}, [{ session: '../webhooks' }])).rejects.toMatchObject({
    message: expect.stringMatching(/session/i),
  });
});
