/** Messages and what confirms them get lost, late or refused. */
import { node, now, SERVICE, type Stanza } from '../stanza.ts';
import { lasting, once, type FaultKind } from './fault.ts';
import { countIn, millisecondsIn, wholeIn } from './numbers.ts';

const isAck = ({ tag, attrs }: Stanza): boolean => tag === 'ack' && attrs['class'] === 'message';

/** The server's no to a message. */
const refusal = ({ attrs }: Stanza, error: string): Stanza =>
  node('ack', { class: 'message', id: attrs['id'] ?? '', from: attrs['to'] ?? SERVICE, t: now(), error });

/** What tells a client that it has all that waited for it. */
const isEndOfBacklog = ({ tag, content }: Stanza): boolean =>
  tag === 'ib' && Array.isArray(content) && content.some((child) => child.tag === 'offline');

const DELIVERED = new Set(['message', 'receipt', 'notification', 'call']);

export const messageFaults: readonly FaultKind[] = [
  lasting('acks-lost', 'The server takes messages and passes them on, but acknowledges none.', {}, (scene) =>
    scene.interfere({ outgoing: (stanza) => (isAck(stanza) ? 'kept' : null) }),
  ),
  lasting('acks-held', 'The server keeps its acks of messages back until the fault is stopped.', {}, (scene) => {
    const held: (() => void)[] = [];
    const letGo = scene.interfere({
      outgoing: (stanza, say) => {
        if (!isAck(stanza)) return null;
        held.push(say);
        return 'kept';
      },
    });
    return () => {
      letGo();
      for (const say of held) say();
    };
  }),
  lasting('acks-late', 'The server acknowledges messages so many ms late.', { ms: 3_000 }, (scene, given) => {
    const ms = millisecondsIn(given);
    return scene.interfere({ outgoing: (stanza) => (isAck(stanza) ? ms : null) });
  }),
  lasting('messages-refused', 'The server refuses messages with this error.', { error: '479' }, (scene, { error }) => {
    if (!/^\d{3}$/.test(String(error))) throw new Error('error must be three digits, such as "479"');
    return scene.interfere({
      incoming: (stanza) => (stanza.tag === 'message' ? refusal(stanza, String(error)) : null),
    });
  }),
  lasting('messages-lost', 'Messages vanish at the server, unacknowledged, while everything else works.', {}, (scene) =>
    scene.interfere({ incoming: ({ tag }) => (tag === 'message' ? 'lost' : null) }),
  ),
  lasting(
    'deliveries-unheard',
    'What a client says of the messages it was given does not arrive: its next login brings them again.',
    {},
    (scene) => scene.interfere({ incoming: ({ tag }) => (tag === 'receipt' || tag === 'ack' ? 'lost' : null) }),
  ),
  lasting('receipts-lost', 'Clients are not told that their messages were delivered or read.', {}, (scene) =>
    scene.interfere({ outgoing: ({ tag }) => (tag === 'receipt' ? 'kept' : null) }),
  ),
  lasting('deaf', 'Nothing that others send is delivered, while the server answers as always.', {}, (scene) =>
    scene.interfere({ outgoing: ({ tag }) => (DELIVERED.has(tag) ? 'kept' : null) }),
  ),
  lasting(
    'backlog-endless',
    'A client that logs in gets what waited for it, and is never told that this was all.',
    {},
    (scene) => scene.interfere({ outgoing: (stanza) => (isEndOfBacklog(stanza) ? 'kept' : null) }),
  ),
  once(
    'spoilt',
    'The next messages for each client of the account arrive damaged, so that they must be sent again.',
    { count: 1 },
    (scene, given) => {
      const count = countIn(given);
      for (const { person, id } of scene.devices()) scene.delivery.spoilNext(person.phone, id, count);
    },
  ),
  once(
    'repeated',
    'The next messages for each client of the account are delivered twice.',
    { count: 1 },
    (scene, given) => {
      const count = countIn(given);
      for (const { person, id } of scene.devices()) scene.delivery.repeatNext(person.phone, id, count);
    },
  ),
  once(
    'pre-keys-low',
    'Of the one-time keys of each client so many are left at most, and the server asks for more.',
    { left: 2 },
    (scene, given) => {
      const left = wholeIn(given, 'left', 0, 4);
      for (const device of scene.devices()) device.runLow(left);
    },
  ),
  lasting('reordered', 'Messages for the account are held, and then delivered in reverse order.', {}, (scene) => {
    const phones = scene.accounts().map(({ phone }) => phone);
    for (const phone of phones) scene.delivery.hold(phone);
    return () => {
      for (const phone of phones) scene.delivery.release(phone, 'reversed');
    };
  }),
];
