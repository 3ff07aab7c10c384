import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrashStage, hasChild, PHONE, SESSION, type Stanza } from '../support/crash-stage.ts';
import { eventually, within } from '../support/deadline.ts';

let stage: CrashStage;
beforeAll(async () => void (stage = await CrashStage.open()), 60_000);
afterAll(() => stage.close(), 30_000);

const atIn = (match: (stanza: Stanza) => boolean) => () => stage.killedAtStanza('in', match);
const atOut = (match: (stanza: Stanza) => boolean) => () => stage.killedAtStanza('out', match);
const isPresence = (type: string) => atIn(({ tag, attrs }) => tag === 'presence' && attrs['type'] === type);
const isChatState = (state: string) => atIn((stanza) => stanza.tag === 'chatstate' && hasChild(stanza, state));

/** Between accept and ack, and just after; each arms the kill before the message is accepted. */
const POINTS: [string, () => Promise<void>][] = [
  ['the contact is subscribed to', isPresence('subscribe')],
  ['typing begins', isChatState('composing')],
  ['typing ends', isChatState('paused')],
  ['the devices are asked for', atIn(({ tag, attrs }) => tag === 'iq' && attrs['xmlns'] === 'usync')],
  ['the keys are asked for', atIn((stanza) => stanza.attrs['xmlns'] === 'encrypt' && hasChild(stanza, 'key'))],
  ['the message reaches WhatsApp', atIn(({ tag }) => tag === 'message')],
  ['the ack leaves WhatsApp', atOut(({ tag, attrs }) => tag === 'ack' && attrs['class'] === 'message')],
  ['the delivery receipt leaves WhatsApp', atOut(({ tag }) => tag === 'receipt')],
  [
    'the event "sent" is delivered',
    () => stage.killedAtDelivery(({ event, data }) => event === 'message.ack' && data.status === 'sent'),
  ],
];

async function expectOnce(phone: string, messageId: string, text: string): Promise<void> {
  const path = `/messages/${messageId}/wait?sessionId=${SESSION}&status=delivered&timeout=30`;
  const { status } = await stage.call<{ status: string }>('GET', path);
  expect(status).toBe('delivered');
  const shown = () => stage.sandbox.contact(phone).screen;
  const screen = await eventually(5_000, 'the screen', shown, (rows) => rows.length > 0);
  expect(screen.map((row) => ({ id: row.messageId, text: row.text }))).toEqual([{ id: messageId, text }]);
  for (const step of ['sent', 'delivered']) {
    await stage.receiver.next(
      ({ event, data }) => event === 'message.ack' && data.messageId === messageId && data.status === step,
    );
  }
}

test('killed as soon as it is accepted, the message arrives once and its status is told', async () => {
  const phone = '15550100100';
  await stage.known(phone);
  const body = { sessionId: SESSION, to: phone, text: 'Accepted' };
  const { messageId } = await stage.call<{ messageId: string }>('POST', '/messages/text', body);
  await stage.kill();
  await stage.start();
  await expectOnce(phone, messageId, 'Accepted');
}, 60_000);

test.each(POINTS.map(([when, arm], at) => ({ when, arm, at })))(
  'killed when $when, the message arrives once and its status is told',
  async ({ when, arm, at }) => {
    const phone = String(15_550_100_101 + at);
    await stage.known(phone);
    const killed = arm();
    const body = { sessionId: SESSION, to: phone, text: when, typingDelay: 200 };
    const { messageId } = await stage.call<{ messageId: string }>('POST', '/messages/text', body);
    await within(20_000, 'the kill', killed);
    await stage.start();
    await expectOnce(phone, messageId, when);
  },
  60_000,
);

const INBOUND: [string, () => Promise<void>][] = [
  ['it leaves WhatsApp', atOut(({ tag, attrs }) => tag === 'message' && attrs['category'] !== 'peer')],
  [
    'its receipt reaches WhatsApp, which then forgets it',
    atIn(({ tag, attrs }) => tag === 'receipt' && attrs['type'] !== 'peer_msg'),
  ],
  ['its event is delivered', () => stage.killedAtDelivery(({ event }) => event === 'message')],
];

test.each(INBOUND.map(([when, arm], at) => ({ when, arm, at })))(
  'killed when $when, a received message is told under one id',
  async ({ when, arm, at }) => {
    const contact = stage.sandbox.contact(String(15_550_100_120 + at), { name: 'Ann' });
    const killed = arm();
    const { messageId } = await contact.say(stage.sandbox.account(PHONE), when);
    await within(20_000, 'the kill', killed);
    await stage.start();
    const told = await stage.receiver.next(({ event, data }) => event === 'message' && data.messageId === messageId);
    expect(told.data).toMatchObject({ text: when, kind: 'text' });
  },
  60_000,
);

test('in all those crashes no fact was told under two ids', () => {
  const facts = stage.idsPerFact();
  expect([...facts.values()].filter((ids) => ids.size > 1)).toEqual([]);
  expect(facts.size).toBeGreaterThanOrEqual((POINTS.length + 1) * 3 + INBOUND.length);
});
