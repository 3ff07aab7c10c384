import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { Child } from '../support/runtime-process.ts';
import { eventually, within } from '../support/deadline.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const PHONE = '15550100001';
const SESSION = 'crash';
const KEY = 'crash-test-key';

interface Stanza {
  tag: string;
  attrs: Record<string, string>;
  content?: unknown;
}

let sandbox: Sandbox;
let receiver: Receiver;
let runtime: Child;
let port: number;
let directory: string;
/** Called with each webhook delivery, before it is answered. */
let onDelivery: (event: { event: string; data: { status?: string } }) => void = () => undefined;

async function start(): Promise<void> {
  runtime = new Child(['serve'], {
    PORT: String(port),
    API_KEY: KEY,
    SESSIONS_DIR: directory,
    METRICS_ENABLED: 'false',
    HUMANIZATION_PROFILE: 'fast',
    OUTBOUND_ALLOW: '127.0.0.1',
    WHATSAPP_WS_URL: sandbox.url,
    WHATSAPP_ROOT_KEY: sandbox.rootKey,
  });
  await runtime.answering(`http://127.0.0.1:${port}/health`);
}

async function call<Data>(method: string, path: string, body?: object): Promise<Data> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEY}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { data, error } = (await response.json()) as { data: Data; error?: { code: string } };
  if (error) throw new Error(`${method} ${path}: ${error.code}`);
  return data;
}

beforeAll(async () => {
  closeConsole();
  sandbox = await startSandbox();
  receiver = await startReceiver((event) => {
    onDelivery(event);
    return 200;
  });
  port = await freePort();
  directory = mkdtempSync(join(tmpdir(), 'whatsapp-crash-'));
  await start();
  await call('POST', '/sessions', { sessionId: SESSION });
  await call('GET', `/sessions/${SESSION}/wait?status=qr`);
  const { qr } = await call<{ qr: string }>('GET', `/sessions/${SESSION}/qr`);
  await sandbox.account(PHONE).scan(qr);
  await call('GET', `/sessions/${SESSION}/wait?status=connected`);
  await call('POST', '/webhooks', { url: receiver.url, events: ['message', 'message.ack'] });
}, 60_000);

afterAll(async () => {
  await runtime.stop();
  await sandbox.stop();
  await receiver.stop();
  rmSync(directory, { recursive: true, force: true });
  expect(sandbox.unhandled).toEqual([]);
}, 30_000);

/** Resolves when a stanza passes that matches, having killed the runtime in the same instant. */
const killedAt = (direction: 'in' | 'out', match: (stanza: Stanza) => boolean) => (): Promise<void> =>
  new Promise((resolve) => {
    const look = (event: { direction: string; node: unknown }) => {
      if (event.direction !== direction || !match(event.node as Stanza)) return;
      sandbox.events.off('stanza', look);
      void runtime.kill().then(resolve);
    };
    sandbox.events.on('stanza', look);
  });

const killedAtDelivery = (status: string) => (): Promise<void> =>
  new Promise((resolve) => {
    onDelivery = ({ event, data }) => {
      if (event !== 'message.ack' || data.status !== status) return;
      onDelivery = () => undefined;
      void runtime.kill().then(resolve);
    };
  });

const hasChild = ({ content }: Stanza, tag: string) =>
  Array.isArray(content) && (content as Stanza[]).some((each) => each.tag === tag);

const POINTS: [string, () => Promise<void>][] = [
  ['it is accepted', () => runtime.kill()],
  [
    'the contact is subscribed to',
    killedAt('in', ({ tag, attrs }) => tag === 'presence' && attrs['type'] === 'subscribe'),
  ],
  ['typing begins', killedAt('in', (stanza) => stanza.tag === 'chatstate' && hasChild(stanza, 'composing'))],
  ['typing ends', killedAt('in', (stanza) => stanza.tag === 'chatstate' && hasChild(stanza, 'paused'))],
  ['the devices are asked for', killedAt('in', ({ tag, attrs }) => tag === 'iq' && attrs['xmlns'] === 'usync')],
  [
    'the keys are asked for',
    killedAt('in', (stanza) => stanza.attrs['xmlns'] === 'encrypt' && hasChild(stanza, 'key')),
  ],
  ['the message reaches WhatsApp', killedAt('in', ({ tag }) => tag === 'message')],
  ['the ack leaves WhatsApp', killedAt('out', ({ tag, attrs }) => tag === 'ack' && attrs['class'] === 'message')],
  ['the delivery receipt leaves WhatsApp', killedAt('out', ({ tag }) => tag === 'receipt')],
  ['the event "sent" is delivered', killedAtDelivery('sent')],
];

async function writesFirst(phone: string): Promise<void> {
  const contact = sandbox.contact(phone, { name: 'Ann' });
  await contact.say(sandbox.account(PHONE), `Are you there? ${phone}`);
  await receiver.next(({ event, data }) => event === 'message' && data.text === `Are you there? ${phone}`);
}

test.each(POINTS.map(([when, arm], at) => ({ when, arm, at })))(
  'killed when $when, the message arrives once and its status is told',
  async ({ arm, at }) => {
    const phone = String(15_550_100_100 + at);
    await writesFirst(phone);
    const text = `Message ${at}`;
    const send = { sessionId: SESSION, to: phone, text, typingDelay: 200 };
    // The first one is armed by the answer itself: it is killed as soon as the message is accepted.
    const accepted = at === 0 ? null : arm();
    const { messageId } = await call<{ messageId: string }>('POST', '/messages/text', send);
    const killed = accepted ?? arm();
    await within(20_000, 'the kill', killed);
    await start();
    const { status } = await call<{ status: string }>(
      'GET',
      `/messages/${messageId}/wait?sessionId=${SESSION}&status=delivered&timeout=30`,
    );
    expect(status).toBe('delivered');
    const row = (
      await eventually(
        5_000,
        'the screen',
        () => sandbox.contact(phone).screen,
        (rows) => rows.length > 0,
      )
    ).map((message) => ({ id: message.messageId, text: message.text }));
    expect(row).toEqual([{ id: messageId, text }]);
    for (const step of ['sent', 'delivered']) {
      await receiver.next(
        ({ event, data }) => event === 'message.ack' && data.messageId === messageId && data.status === step,
      );
    }
  },
  60_000,
);

test('every event delivered in those crashes has one id a fact, and nothing was told twice under two ids', () => {
  const facts = new Map<string, Set<string>>();
  for (const { id, event, data } of receiver.events) {
    const fact = event === 'message' ? `${event} ${data.messageId}` : `${event} ${data.messageId} ${data.status}`;
    facts.set(fact, (facts.get(fact) ?? new Set()).add(id));
  }
  expect([...facts.values()].filter((ids) => ids.size > 1)).toEqual([]);
  expect(facts.size).toBeGreaterThanOrEqual(POINTS.length * 3);
});
