/** B4: what the real client asks after its connection has ended leaves nothing behind; the guard against leaks looks for its timers. */
import { expect, test } from '@jest/globals';
import { endQueries } from '../../runtime/src/session/closing.ts';
import { emitted } from '../support/emitted.ts';
import { startLinkedClient } from '../support/linked-client.ts';

test('a question of the client that comes late, as after keys it waited for, is over at once with its timer', async () => {
  const { sandbox, client } = await startLinkedClient();
  const { socket } = client;
  socket.ev.on('connection.update', ({ connection }) => {
    if (connection === 'close') endQueries(socket);
  });
  await emitted(client, 'connection.update', () => socket.end(undefined));
  const question = { tag: 'iq', attrs: { to: 's.whatsapp.net', type: 'get', xmlns: 'w:p' } };
  for (let n = 0; n < 3; n++) await expect(socket.query(question, 600_000)).rejects.toThrow('Connection Closed');
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  expect(client.complaints).toEqual([]);
}, 60_000);
