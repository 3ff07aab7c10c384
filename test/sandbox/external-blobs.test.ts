import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import { Agent, Dispatcher1Wrapper } from 'undici';
import type { Dispatcher } from 'undici';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, memoryAuth, next } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
const AT = new Date('2026-11-20T09:00:00Z').getTime();

let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let agent: Agent;
const fetched: string[] = [];
const histories: BaileysEventMap['messaging-history.set'][] = [];
const labels: string[] = [];

/** Leads what goes to WhatsApp's media host to the sandbox's, and notes it. */
const detour =
  (dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] =>
  (options, handler) => {
    fetched.push(`${String(options.origin)}${options.path.split('?')[0]}`);
    return dispatch({ ...options, origin: `https://127.0.0.1:${sandbox.media.port}` }, handler);
  };

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample', blobs: 'external' });
  account = sandbox.account('15550100001');
  const ann = sandbox.contact('15550100011', { name: 'Ann' });
  const messages = Array.from({ length: 30 }, (_, place) => ({
    text: `message ${place}`,
    id: `PAST${place}`,
    at: new Date(AT + place * 1000),
    from: ann,
  }));
  account.history([{ chat: ann, messages }]);
  for (const id of ['1', '2', '3']) account.settings.editLabel({ id, name: `Label ${id}` });
  account.settings.editLabel({ id: '3', name: 'Renamed' });
  account.settings.nameContact(ann, 'Ann');
  account.settings.nameContact(ann, null);
  agent = new Agent({ connect: { ca: sandbox.mediaCa } });
  const auth = memoryAuth();
  const pairing = connectClient(sandbox, auth);
  const closed = next(pairing, 'close');
  const [qr] = await next(pairing, 'qr');
  await account.scan(qr);
  await closed;
  client = connectClient(sandbox, auth, {
    // The client fetches with Node's own fetch, which is older than this dispatcher.
    options: { dispatcher: new Dispatcher1Wrapper(agent.compose(detour)) } as RequestInit,
    appStateMacVerification: { patch: true, snapshot: true },
  });
  client.socket.ev.on('messaging-history.set', (history) => void histories.push(history));
  client.socket.ev.on('labels.edit', ({ name }) => void labels.push(name));
  await eventually(
    DEADLINE_MS,
    'history and labels',
    () => histories.flatMap((history) => history.messages).length + labels.length,
    (count) => count === 33,
  );
});

afterAll(async () => {
  expect(client.complaints).toEqual([]);
  await disconnect(client);
  await agent.close();
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

test('histories after the first are files the client fetches from the media host', () => {
  expect(histories.flatMap(({ messages }) => messages.map(({ key }) => key.id))).toHaveLength(30);
  const files = fetched.filter((url) => url.startsWith('https://mmg.whatsapp.net/v/t62.36147-24/'));
  expect(files).toHaveLength(2);
});

test('what was said in app state comes as a snapshot, and what is said afterwards as a patch', async () => {
  expect(labels.toSorted()).toEqual(['Label 1', 'Label 2', 'Renamed']);
  expect(fetched.filter((url) => url.includes('/v/t62.13320-24/')).length).toBeGreaterThan(0);
  const edited = await emitted(client, 'labels.edit', () => account.settings.editLabel({ id: '1', name: 'Later' }));
  expect(edited).toMatchObject({ id: '1', name: 'Later' });
  await client.socket.addLabel('', { id: '4', name: 'From the client', color: 1 });
  expect(account.sharedState.refused).toEqual([]);
  expect(account.sharedState.find('label_edit', '4')?.labelEditAction).toMatchObject({ name: 'From the client' });
});

test('a history asked for comes as a file, too', async () => {
  const before = fetched.length;
  const { syncType } = await emitted(
    client,
    'messaging-history.set',
    () =>
      client.socket.fetchMessageHistory(5, { remoteJid: '15550100011@s.whatsapp.net', id: 'PAST9', fromMe: false }, AT),
    (history) => history.syncType === proto.HistorySync.HistorySyncType.ON_DEMAND,
  );
  expect(syncType).toBe(proto.HistorySync.HistorySyncType.ON_DEMAND);
  expect(fetched).toHaveLength(before + 1);
});
