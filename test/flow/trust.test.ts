import { expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import { onFlow } from '../support/flow.ts';

test('a server whose certificates do not end at the trusted root is told nothing, and the session says so', async () => {
  const other = await startSandbox();
  try {
    await onFlow(
      async (flow, receiver) => {
        await flow.call('POST', '/sessions', { sessionId: 'sales', webhookUrl: receiver.url });
        const refused = ({ data }: { data: { reason?: { code: string } } }) =>
          data.reason?.code === 'server_not_trusted';
        expect((await receiver.next(refused)).data.status).toBe('connecting');
        expect(receiver.events.map(({ event }) => event)).not.toContain('qr.update');
        expect((await flow.call('GET', '/sessions/sales/qr')).status).toBe(409);
      },
      {
        environment: { WHATSAPP_ROOT_KEY: other.rootKey },
        expected: [/error in validating connection/],
      },
    );
  } finally {
    await other.stop();
  }
}, 30_000);
