/** What is on the wire is broken, slow, or not there any more. */
import { randomBytes } from 'node:crypto';
import { encodeBinaryNode } from '@whiskeysockets/baileys';
import { encodeFrame } from '../framing.ts';
import { newStanzaId, node, now, SERVICE } from '../stanza.ts';
import { lasting, once, type FaultKind, type Scene } from './fault.ts';
import { codeIn, millisecondsIn } from './numbers.ts';

type Make = Parameters<ReturnType<Scene['connections']>[number]['sendBroken']>[0];

const send = (make: Make) => (scene: Scene) => {
  for (const connection of scene.connections()) connection.sendBroken(make);
};

const noise = (bytes: number) => encodeFrame(randomBytes(bytes));
const harmless = () =>
  encodeBinaryNode(node('notification', { from: SERVICE, type: 'server', id: newStanzaId(), t: now() }));

export const wireFaults: readonly FaultKind[] = [
  once(
    'corrupt-frame',
    'A frame comes that nobody can decrypt.',
    {},
    send(() => noise(64)),
  ),
  once('corrupt-frames', 'Two frames come at once that nobody can decrypt.', {}, (scene) => {
    for (const connection of scene.connections()) for (const _ of [1, 2]) connection.sendBroken(() => noise(64));
  }),
  once(
    'truncated-frame',
    'A frame comes that lacks its end.',
    {},
    send((encrypt) => encodeFrame(encrypt(harmless()).subarray(0, 20))),
  ),
  once(
    'oversized-frame',
    'A frame of a megabyte comes that nobody can decrypt.',
    {},
    send(() => noise(1_000_000)),
  ),
  once(
    'repeated-frame',
    'The same frame comes twice, so that the second cannot be decrypted.',
    {},
    send((encrypt) => {
      const frame = encodeFrame(encrypt(harmless()));
      return Buffer.concat([frame, frame]);
    }),
  ),
  once(
    'garbage-stanza',
    'A frame comes that decrypts to something that is no stanza.',
    {},
    send((encrypt) => {
      return encodeFrame(encrypt(Buffer.concat([Buffer.from([0]), Buffer.alloc(40, 0xee)])));
    }),
  ),
  lasting('frozen', 'The connection is half open: nothing passes either way, and nobody is told.', {}, (scene) => {
    const frozen = scene.connections();
    for (const connection of frozen) connection.freeze();
    return () => {
      for (const connection of frozen) connection.thaw();
    };
  }),
  lasting('slow', 'Everything the server says comes so many ms later.', { ms: 500 }, (scene, given) =>
    scene.interfere({ latencyMs: millisecondsIn(given) }),
  ),
  lasting('pings-unanswered', 'Pings are not answered; everything else is.', {}, (scene) =>
    scene.interfere({ incoming: ({ tag, attrs }) => (tag === 'iq' && attrs['xmlns'] === 'w:p' ? 'lost' : null) }),
  ),
  lasting(
    'query-unanswered',
    'Questions of this namespace (xmlns) are not answered.',
    { xmlns: 'usync' },
    (scene, { xmlns }) =>
      scene.interfere({ incoming: ({ tag, attrs }) => (tag === 'iq' && attrs['xmlns'] === xmlns ? 'lost' : null) }),
  ),
  lasting(
    'query-refused',
    'Questions of this namespace (xmlns) are answered with this error.',
    { xmlns: 'usync', code: 500 },
    (scene, given) => {
      const error = node('error', { code: codeIn(given, 'code'), text: 'internal-server-error' });
      return scene.interfere({
        incoming: ({ tag, attrs }) =>
          tag === 'iq' && attrs['xmlns'] === given['xmlns']
            ? node('iq', { id: attrs['id'] ?? '', from: attrs['to'] ?? SERVICE, type: 'error' }, [error])
            : null,
      });
    },
  ),
];
