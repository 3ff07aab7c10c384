/** Messages and what confirms them get lost, late or refused. */
import { lasting, once, type FaultKind, type Scene } from './fault.ts';

/** A switch of Faults for everybody: while it lasts it has the one value, then the other again. */
function switched<Field extends keyof Scene['faults']>(
  { faults }: Scene,
  field: Field,
  on: Scene['faults'][Field],
  off: Scene['faults'][Field],
): () => void {
  faults[field] = on;
  return () => void (faults[field] = off);
}

const DELIVERED = new Set(['message', 'receipt', 'notification', 'call']);

export const messageFaults: readonly FaultKind[] = [
  lasting('acks-lost', 'The server takes messages and passes them on, but acknowledges none.', {}, (scene) =>
    switched(scene, 'dropAcks', true, false),
  ),
  lasting('acks-late', 'The server acknowledges messages so many ms late.', { ms: 3_000 }, (scene, { ms }) =>
    switched(scene, 'ackDelayMs', Number(ms), 0),
  ),
  lasting('messages-refused', 'The server refuses messages with this error.', { error: '479' }, (scene, { error }) =>
    switched(scene, 'ackError', String(error), null),
  ),
  lasting('messages-lost', 'Messages vanish at the server, unacknowledged, while everything else works.', {}, (scene) =>
    switched(scene, 'loseMessages', true, false),
  ),
  lasting('receipts-lost', 'Clients are not told that their messages were delivered or read.', {}, (scene) =>
    scene.interfere({ outgoing: ({ tag }) => (tag === 'receipt' ? 'lost' : null) }),
  ),
  lasting('deaf', 'Nothing that others send is delivered, while the server answers as always.', {}, (scene) =>
    scene.interfere({ outgoing: ({ tag }) => (DELIVERED.has(tag) ? 'lost' : null) }),
  ),
  once(
    'spoilt',
    'The next messages for the account arrive damaged, so that they must be sent again.',
    { count: 1 },
    (scene, given) => {
      for (const { phone } of scene.accounts()) scene.faults.damageNext(phone, Number(given['count']));
    },
  ),
  once('repeated', 'The next messages for the account are delivered twice.', { count: 1 }, (scene, given) => {
    for (const { phone } of scene.accounts()) scene.delivery.repeatNext(phone, Number(given['count']));
  }),
  lasting('reordered', 'Messages for the account are held, and then delivered in reverse order.', {}, (scene) => {
    const phones = scene.accounts().map(({ phone }) => phone);
    for (const phone of phones) scene.delivery.hold(phone);
    return () => {
      for (const phone of phones) scene.delivery.release(phone, 'reversed');
    };
  }),
];
