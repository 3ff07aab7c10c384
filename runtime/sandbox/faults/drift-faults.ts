/** WhatsApp changes: things come that no client of today knows. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import { children, newStanzaId, node, now, SERVICE, type Stanza } from '../stanza.ts';
import { once, type FaultKind, type Scene, type Settings } from './fault.ts';
import { countIn, wholeIn } from './numbers.ts';

/** Protobuf's wire type of texts, and the greatest number a field can have. */
const LENGTH_DELIMITED = 2;
const MAX_FIELD = 536_870_911;
/** A field far beyond those of today's messages. */
const FIELD = 3_999;
const SOMEBODY = '15550109990';
const FUTURE = { sandbox_future: '1' };

const tell = (make: () => Stanza) => (scene: Scene) => {
  for (const connection of scene.connections()) connection.send(make());
};

const varint = (value: number): Buffer =>
  value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([128 + (value % 128)]), varint(Math.floor(value / 128))]);

/** A field of a message in protobuf's form, with a text in it. */
function fieldWith(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** Somebody writes to the accounts, fields nobody knows among the rest. */
function write(scene: Scene, settings: Settings, content?: proto.IMessage): void {
  const number = wholeIn(settings, 'field', 1, MAX_FIELD);
  const sender = scene.contact(String(settings['from']));
  for (const account of scene.accounts()) {
    // Somebody whose phone is off the network sends nothing.
    sender.sendUnknown(account, fieldWith(number, 'sandbox'), content).catch(() => undefined);
  }
}

/** The next messages for each client come changed. */
const change = (make: (message: Stanza, settings: Settings) => Stanza) => (scene: Scene, settings: Settings) => {
  const count = countIn(settings);
  for (const { person, id } of scene.devices()) {
    scene.delivery.changeNext(person.phone, id, (message) => make(message, settings), count);
  }
};

const withEncs = (message: Stanza, attrs: Stanza['attrs']): Stanza => ({
  ...message,
  content: children(message).map((each) =>
    each.tag === 'enc' ? { ...each, attrs: { ...each.attrs, ...attrs } } : each,
  ),
});

export const driftFaults: readonly FaultKind[] = [
  once(
    'unknown-notification',
    'A notification comes of a type nobody knows.',
    { type: 'sandbox_future' },
    (scene, { type }) => {
      const future = () => node('notification', { from: SERVICE, type: String(type), id: newStanzaId(), t: now() });
      // By the mailbox, as others: what is not confirmed comes again.
      for (const device of scene.devices()) device.deliver(future());
    },
  ),
  once('unknown-stanza', 'A stanza comes with a tag nobody knows.', { tag: 'sandbox-future' }, (scene, { tag }) =>
    tell(() => node(String(tag), { from: SERVICE, id: newStanzaId() }))(scene),
  ),
  once('unknown-info', 'The server gives a piece of information (ib) nobody knows.', {}, (scene) =>
    tell(() => node('ib', { from: SERVICE }, [node('sandbox_future', { value: '1' })]))(scene),
  ),
  once('unknown-receipt', 'A receipt comes of a type nobody knows.', { type: 'sandbox-future' }, (scene, { type }) => {
    for (const device of scene.devices()) {
      const id = randomBytes(10).toString('hex').toUpperCase();
      device.deliver(node('receipt', { from: device.person.lid, id, type: String(type), t: now() }));
    }
  }),
  once(
    'unknown-message',
    'Somebody sends a message that holds nothing but a field nobody knows.',
    { from: SOMEBODY, field: FIELD },
    (scene, settings) => write(scene, settings),
  ),
  once(
    'unknown-fields',
    'Somebody sends a text with a field beside it that nobody knows.',
    { from: SOMEBODY, field: FIELD, text: 'Hello from the future' },
    (scene, settings) => write(scene, settings, { conversation: String(settings['text']) }),
  ),
  once(
    'unknown-encryption',
    'The next messages for each client say that they are encrypted in a way nobody knows, until they are sent again.',
    { count: 1, type: 'sandbox-future' },
    change((message, { type }) => withEncs(message, { type: String(type) })),
  ),
  once(
    'unknown-attributes',
    'The next messages for each client have attributes, and a child, that nobody knows.',
    { count: 1 },
    change((message) => {
      const changed = withEncs(message, FUTURE);
      return node('message', { ...changed.attrs, ...FUTURE }, [...children(changed), node('sandbox_future', FUTURE)]);
    }),
  ),
];
