/** WhatsApp changes: things come that no client of today knows. */
import { randomBytes } from 'node:crypto';
import { newStanzaId, node, now, SERVICE, type Stanza } from '../stanza.ts';
import { once, type FaultKind, type Scene } from './fault.ts';

const tell = (make: () => Stanza) => (scene: Scene) => {
  for (const connection of scene.connections()) connection.send(make());
};

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
];
