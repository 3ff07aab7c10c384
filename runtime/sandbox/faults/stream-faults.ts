/** The server ends a connection, in one of its many ways. */
import { node } from '../stanza.ts';
import { once, type FaultKind } from './fault.ts';
import { closeCodeIn, codeIn } from './numbers.ts';

export const streamFaults: readonly FaultKind[] = [
  once('stream-error', 'The connection ends with a stream error of this code.', { code: 503 }, (scene, given) => {
    const lastWord = node('stream:error', { code: codeIn(given, 'code') });
    for (const connection of scene.connections()) connection.close(lastWord);
  }),
  once(
    'stream-error-without-code',
    'The connection ends with a stream error that has a child instead of a code.',
    { child: 'xml-not-well-formed' },
    (scene, { child }) => {
      const lastWord = node('stream:error', {}, [node(String(child))]);
      for (const connection of scene.connections()) connection.close(lastWord);
    },
  ),
  once('replaced', 'The connection ends because another client is said to have taken over.', {}, (scene) => {
    const lastWord = node('stream:error', {}, [node('conflict', { type: 'replaced' })]);
    for (const connection of scene.connections()) connection.close(lastWord);
  }),
  once('device-removed', 'The owner removes the linked device on the phone.', {}, (scene) => {
    for (const account of scene.accounts()) {
      for (const { deviceId } of account.linkedDevices()) void account.unlink(deviceId);
    }
  }),
  once('downgrade', 'The account is said not to use several devices any more.', {}, (scene) => {
    const lastWord = node('ib', {}, [node('downgrade_webclient')]);
    for (const connection of scene.connections()) connection.close(lastWord);
  }),
  once('stream-end', 'The server says that the stream is over.', {}, (scene) => {
    for (const connection of scene.connections()) connection.close(node('xmlstreamend'));
  }),
  once('websocket-close', 'The WebSocket is closed with this code.', { code: 1011 }, (scene, given) => {
    const code = closeCodeIn(given);
    for (const connection of scene.connections()) connection.closeWith(code);
  }),
  once('tcp-end', 'The TCP connection is ended in good order, without a word above it.', {}, (scene) => {
    for (const connection of scene.connections()) connection.endTcp('fin');
  }),
  once('tcp-reset', 'The TCP connection is reset.', {}, (scene) => {
    for (const connection of scene.connections()) connection.endTcp('reset');
  }),
];
