/** How long the runtime waits to be let in, by a server that falls silent on the way: CONNECT_TIMEOUT_MS until its first word. */
import { expect, test } from '@jest/globals';
import { onFlow, PHONE } from '../support/flow.ts';
import { eventually } from '../support/deadline.ts';

const LIMIT = 120_000;

test.each(['upgrade', 'hello'])(
  'a server that falls silent at the %s is left and tried anew, and the session is back when it speaks',
  (step) =>
    onFlow(
      async (flow) => {
        await flow.link('sales');
        const before = flow.sandbox.acceptedConnections;
        const fault = flow.sandbox.trouble.begin({ name: 'handshake-hang', settings: { step } });
        flow.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE });
        const attempts = () => flow.sandbox.acceptedConnections - before;
        await eventually(30_000, 'another attempt', attempts, (count) => count >= 2);
        expect((await flow.call('GET', '/sessions/sales')).body.data.status).not.toBe('connected');
        fault?.stop();
        await flow.reaches('sales', 'connected');
      },
      { environment: { CONNECT_TIMEOUT_MS: '1000' }, random: () => 0 },
    ),
  LIMIT,
);
