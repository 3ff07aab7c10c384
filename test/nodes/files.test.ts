/** Files in n8n's own storage, as a real n8n keeps them: they go to the runtime and come from it in a stream. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IBinaryData } from 'n8n-workflow';
import { N8nEngine } from '../support/n8n-engine.ts';
import { N8nFront } from '../support/n8n-front.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';
import { storage } from '../support/n8n-storage.ts';

const ACCOUNT = '15550102200';
const ADA = '15550102201';
const BEN = '15550102202';
/** More than one piece of a stream, by far. */
const FILE = randomBytes(5 * 1024 * 1024);
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let runtime: RuntimeProcess;
let front: N8nFront;
let engine: N8nEngine;
let kept: IBinaryData;

const send = (to: string) => ({
  type: 'whatsAppConnectorSendMessage',
  parameters: {
    ...{ resource: 'message', operation: 'send', messageType: 'document', fileFrom: 'input' },
    ...{ session: { __rl: true, mode: 'id', value: 'desk' }, to: { __rl: true, mode: 'phone', value: to } },
    ...{ binaryPropertyName: 'data', caption: 'As asked', fileName: '', options: { humanize: false } },
  },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  [runtime, front] = await Promise.all([startRuntime(), N8nFront.start()]);
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey }, { webhooks: front.origin });
  await runtime.linkedSession('desk', ACCOUNT);
  for (const phone of [ADA, BEN]) {
    await runtime.sandbox.contact(phone);
    await runtime.heard(phone, ACCOUNT, 'hello');
  }
  await writeFile(join(folder, 'a'), FILE);
  const about = { data: '', mimeType: 'application/octet-stream', fileName: 'plan "B".bin' };
  const where = { type: 'execution' as const, workflowId: 'w1', executionId: 'files' };
  kept = await (await storage()).store(where, createReadStream(join(folder, 'a')), about);
}, 120_000);

afterAll(async () => {
  await runtime?.stop();
  front?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a file n8n keeps outside of the item is sent whole', async () => {
  expect(kept.id).toMatch(/./);
  const [[message] = []] = await engine.run(send(ADA), [{}], { executionId: 'sent', binary: { data: kept } });
  const messageId = String(message?.json.messageId);
  expect(await runtime.sandbox.shown(ADA, messageId)).toMatchObject({
    text: 'As asked',
    file: { fileName: 'plan "B".bin' },
  });
  expect(hash(await runtime.sandbox.file(ADA, messageId))).toBe(hash(FILE));
});

test('one that is gone from there is not sent', async () => {
  const gone = { ...kept, id: `${kept.id}-gone` };
  await expect(engine.run(send(BEN), [{}], { executionId: 'gone', binary: { data: gone } })).rejects.toMatchObject({
    message: expect.stringMatching(/./),
  });
  expect((await runtime.sandbox.screen(BEN)).screen).toEqual([]);
});

test('a file that arrives is kept there, with the name it came with', async () => {
  const parameters = { events: ['message'], listenTo: 'allSessions', options: { downloadMedia: true } };
  const node = engine.trigger({ type: 'whatsAppConnectorTrigger', parameters });
  await node.create();
  front.receive = node.deliver;
  const content = { kind: 'document', data: FILE.toString('base64'), fileName: 'map.bin' };
  await runtime.sandbox.send(ADA, ACCOUNT, content);
  const { outcome } = await front.next('a document', ({ kind }) => kind === 'document');
  const file = outcome.files?.data as IBinaryData;
  expect(file).toMatchObject({ fileName: 'map.bin', id: expect.any(String), bytes: FILE.length });
  expect(hash(await (await storage()).getAsBuffer(file))).toBe(hash(FILE));
  await node.delete();
});
