import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrashStage, PHONE, SESSION, type Stanza } from '../support/crash-stage.ts';
import { eventually, within } from '../support/deadline.ts';

let stage: CrashStage;
beforeAll(async () => {
  stage = await CrashStage.open({ trustMedia: true });
}, 60_000);
afterAll(() => stage.close(), 30_000);

const atIn = (match: (stanza: Stanza) => boolean) => () => stage.killedAtStanza('in', match);
const atOut = (match: (stanza: Stanza) => boolean) => () => stage.killedAtStanza('out', match);
/** In this order: a runtime that knows the place of the media host does not ask for it again. */
const POINTS: [string, () => Promise<void>][] = [
  ['the place of the media host is asked for', atIn(({ attrs }) => attrs['xmlns'] === 'w:m')],
  ['the message with the uploaded file reaches WhatsApp', atIn(({ tag }) => tag === 'message')],
  ['the ack leaves WhatsApp', atOut(({ tag, attrs }) => tag === 'ack' && attrs['class'] === 'message')],
];

const folder = () => join(stage.directory, SESSION, 'outgoing');
const kept = () => (existsSync(folder()) ? readdirSync(folder()) : []);

async function document(phone: string, bytes: Buffer): Promise<string> {
  const body = { sessionId: SESSION, to: phone, base64: bytes.toString('base64'), fileName: 'plan.bin' };
  return (await stage.call<{ messageId: string }>('POST', '/messages/document', body)).messageId;
}

/** One row, under the id that was given out, with the bytes; and nothing left of it on the disk. */
async function expectOnce(phone: string, messageId: string, bytes: Buffer): Promise<void> {
  const path = `/messages/${messageId}/wait?sessionId=${SESSION}&status=delivered&timeout=30`;
  expect(await stage.call('GET', path)).toMatchObject({ status: 'delivered' });
  const { screen } = stage.sandbox.contact(phone);
  expect(screen.map((row) => [row.messageId, row.kind])).toEqual([[messageId, 'document']]);
  expect(bytes.equals((await screen[0]?.file()) ?? Buffer.alloc(0))).toBe(true);
  await eventually(5_000, 'no file kept', kept, (names) => names.length === 0);
}

test.each(POINTS.map(([when, arm], at) => ({ when, arm, at })))(
  'killed when $when, a file arrives once and whole',
  async ({ arm, at }) => {
    const phone = String(15_550_100_141 + at);
    await stage.known(phone);
    const bytes = randomBytes(300_000);
    const killed = arm();
    const messageId = await document(phone, bytes);
    await within(20_000, 'the kill', killed);
    await stage.start();
    await expectOnce(phone, messageId, bytes);
  },
  60_000,
);

test('killed as soon as it is accepted, a file arrives once and whole', async () => {
  const phone = '15550100140';
  await stage.known(phone);
  const bytes = randomBytes(300_000);
  const messageId = await document(phone, bytes);
  await stage.kill();
  await stage.start();
  await expectOnce(phone, messageId, bytes);
}, 60_000);

test('what a crash left of files that no message needs is gone at the next start', async () => {
  await stage.kill();
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), 'new-0123456789abcdef'), 'half a file');
  writeFileSync(join(folder(), '3EB0000000000000000001'), 'of a message that was never accepted');
  const sent = stage.sandbox.contact('15550100140').screen[0]?.messageId ?? '';
  writeFileSync(join(folder(), sent), 'of a message that has gone');
  await stage.start();
  expect(kept()).toEqual([]);
  await stage.sandbox.contact('15550100140').say(stage.sandbox.account(PHONE), 'still there');
}, 60_000);
