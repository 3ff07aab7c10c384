/** A start with many sessions: a few handshakes at once, and everybody has a turn. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { onFlow } from '../support/flow.ts';
import { restart } from '../support/restart.ts';

const SESSIONS = 16;

test('at a server that takes connections and says nothing, never more than ten wait for it, and all get their turn', async () => {
  const open = new Set<Socket>();
  let all = 0;
  const silent = createServer((socket) => {
    open.add(
      socket
        .on('close', () => open.delete(socket))
        .on('error', () => undefined)
        .resume(),
    );
    all += 1;
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    await onFlow(
      async (flow) => {
        for (let at = 0; at < SESSIONS; at++) await flow.call('POST', '/sessions', { sessionId: `s${at}` });
        await flow.stopRuntime();
        all = 0;
        await flow.startRuntime();
        await eventually(
          5_000,
          'the first',
          () => all,
          (tried) => tried >= 10,
        );
        expect((await flow.call('GET', '/sessions?status=connecting')).body.data.sessions).toHaveLength(SESSIONS);
        expect([all, open.size]).toEqual([10, 10]);
        const early = await flow.call('GET', '/ready', undefined, { authorization: '' });
        expect([early.status, early.body.error.code]).toEqual([503, 'starting']);
        expect(early.body.error.details).toEqual([`${SESSIONS} sessions are still to be started`]);
        const tried = async () => {
          for (const socket of open) socket.destroy();
          const { sessions } = (await flow.call('GET', '/sessions')).body.data;
          return sessions.filter(({ reconnectAttempts }: { reconnectAttempts: number }) => reconnectAttempts > 0)
            .length;
        };
        await eventually(20_000, 'a turn for each', tried, (count) => count === SESSIONS);
        const { status, body } = await flow.call('GET', '/ready');
        expect([status, body.data]).toEqual([200, { status: 'ready' }]);
      },
      {
        environment: { WHATSAPP_WS_URL: `ws://127.0.0.1:${port}`, CONNECT_TIMEOUT_MS: '20000' },
        // So many handshakes that fail in a row are told of.
        expected: [/WhatsApp client/, /"kind":"handshake","name":"in_a_row"/],
      },
    );
  } finally {
    for (const socket of open) socket.destroy();
    silent.close();
    await once(silent, 'close');
  }
}, 60_000);

// `npm run restart` does it with two hundred, and looks at the event loop as well.
test('fifteen saved sessions are all connected again after a restart of the process', async () => {
  const { allBackMs, unhandled } = await restart(15);
  expect(allBackMs).toBeLessThan(60_000);
  expect(unhandled).toEqual([]);
}, 120_000);
