/** The runtime behind a real nginx, with the files an operator takes from runtime/deploy/nginx. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { within } from '../support/deadline.ts';
import { openEventSource } from '../support/event-source.ts';
import { API_KEY, friendOf, onFlow, PHONE } from '../support/flow.ts';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { trustMediaHost } from '../support/trust.ts';

const LIMIT = 120_000;
/** Above what nginx takes if nobody says otherwise, and more than it would keep in memory. */
const BIG = randomBytes(3_000_000);
const authorization = `Bearer ${API_KEY}`;

async function onNginx(run: (...given: [Parameters<Parameters<typeof onFlow>[0]>, URL, URL]) => Promise<void>) {
  const port = await freePort();
  const nginx = await startNginx(port);
  try {
    await onFlow((...given) => run(given, nginx.https, nginx.http), { environment: { PORT: String(port) } });
  } finally {
    await nginx.stop();
  }
}

const title = 'behind nginx';
const behindNginx = () => {
  test(
    'long polls are answered when it happens, events arrive as they come, and go on after the runtime was away',
    async () => {
      await onNginx(async ([flow, receiver], https, http) => {
        const ask = (path: string) => fetch(new URL(path, https), { headers: { authorization } });
        expect((await fetch(new URL('/health', http), { redirect: 'manual' })).status).toBe(308);
        await flow.call('POST', '/sessions', { sessionId: 'sales', webhookUrl: receiver.url });
        const polled = ask('/sessions/sales/wait?status=connected&timeout=90');
        await flow.scan('sales');
        expect(await (await polled).json()).toMatchObject({ data: { status: 'connected', reached: true } });

        const stream = await openEventSource(new URL('/events?events=message', https), API_KEY);
        const ann = await friendOf(flow, receiver, '15550100100');
        const hello = await stream.next(({ data }) => data.data.text === 'hello');
        await flow.stopRuntime();
        await within(30_000, 'the end of the stream', stream.ended);
        expect((await ask('/sessions')).status).toBe(502);
        await flow.startRuntime();
        await flow.reaches('sales', 'connected');
        await ann.say(flow.sandbox.account(PHONE), 'again');
        const next = await openEventSource(new URL('/events?events=message', https), API_KEY, hello.id);
        await next.next(({ data }) => data.data.text === 'again');
        expect(next.told).toHaveLength(1);
        next.close();
        await next.ended;
      });
    },
    LIMIT,
  );

  test(
    'files go through whole, both ways',
    async () => {
      await onNginx(async ([flow, receiver], https) => {
        trustMediaHost(flow.sandbox);
        await flow.link('sales', PHONE, { webhookUrl: receiver.url });
        const ann = await friendOf(flow, receiver, '15550100100');
        const form = new FormData();
        form.set('sessionId', 'sales');
        form.set('to', ann.phone);
        form.set('file', new Blob([new Uint8Array(BIG)]), 'big.bin');
        const sent = await fetch(new URL('/messages/document', https), {
          ...{ method: 'POST', headers: { authorization }, body: form },
        });
        expect(sent.status).toBe(202);
        const row = await ann.waitForMessage(({ kind }) => kind === 'document', 30_000);
        expect(BIG.equals(await row.file())).toBe(true);
        await ann.sendFile(flow.sandbox.account(PHONE), {
          kind: 'document',
          bytes: BIG,
          mime: 'application/octet-stream',
          fileName: 'back.bin',
        });
        const { data } = await receiver.next(({ data: { media } }) => media?.fileName === 'back.bin', 30_000);
        const got = await fetch(new URL(data.media.url, https), { headers: { authorization } });
        expect(BIG.equals(Buffer.from(await got.arrayBuffer()))).toBe(true);
      });
    },
    LIMIT,
  );
};

if (hasNginx || process.env.REQUIRE_ALL === '1') describe(title, behindNginx);
else test.skip(`${title} (no nginx: install it)`, () => undefined);
