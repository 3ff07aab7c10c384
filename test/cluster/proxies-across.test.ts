/** The pool of proxies as one for all workers. */
import { afterEach, expect, test } from '@jest/globals';
import { openProxy, type Proxy } from '../../runtime/sandbox/proxies/proxies.ts';
import { PASSED_ON } from '../../runtime/src/cluster/cluster.ts';
import { eventually } from '../support/deadline.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { API_KEY, Workers } from '../support/workers.ts';

const PATIENCE_MS = 60_000;

let stage: Workers;
let ids: string[] = [];
const opened: Proxy[] = [];
afterEach(async () => {
  await stage.end();
  for (const proxy of opened.splice(0)) await proxy.close();
}, 120_000);

const open = async () => {
  const proxy = await openProxy({ kind: 'socks5', user: 'me', password: 'hunter2' });
  opened.push(proxy);
  return proxy;
};
interface Shown {
  proxyId: string;
  sessions: number;
  proxy: string | null;
  reason: { code: string };
  status: string;
}
const add = ({ url }: Proxy, maxSessions: number) => stage.api<Shown>('a', 'POST', '/proxies', { url, maxSessions });
const shown = (by: string) => Promise.all(ids.map((id) => stage.api<Shown>(by, 'GET', `/sessions/${id}`)));
const states = (fits: (sessions: Shown[]) => boolean) =>
  eventually(PATIENCE_MS, 'the sessions', () => shown('b'), fits);
/** How many sessions this worker itself has. */
const held = async (name: string) => {
  const headers = { authorization: `Bearer ${API_KEY}`, [PASSED_ON]: '1' };
  const answer = await fetch(new URL('/sessions', stage.address(name)), { headers });
  return ((await answer.json()) as { data: { sessions: unknown[] } }).data.sessions.length;
};
const withCode = (sessions: Shown[]) => sessions.filter(({ status }) => status === 'qr');

describeWithRedis('two workers with a pool of proxies', () => {
  test('give no more places than there are, know at once of what is added, and leave what is removed', async () => {
    stage = await Workers.start('a', 'b');
    ids = [];
    const first = await open();
    const { proxyId } = await add(first, 1);
    // New sessions go where there is most room, as far as that is known: both workers get some.
    while (ids.length < 4 || (await held('a')) === 0 || (await held('b')) === 0) {
      const sessionId = `session-${ids.length}`;
      await stage.api('a', 'POST', '/sessions', { sessionId, proxy: { mode: 'pool' } });
      ids.push(sessionId);
    }
    const waits = ({ reason }: Shown) => reason.code === 'no_proxy_available';
    await states((all) => withCode(all).length === 1 && all.filter(waits).length === ids.length - 1);
    const pool = await stage.api<{ proxies: Shown[] }>('b', 'GET', '/proxies');
    expect(pool.proxies.map(({ sessions }) => sessions)).toEqual([1]);

    const second = await open();
    await add(second, 2);
    const three = await states((all) => withCode(all).length === 3);
    expect(three.filter(({ proxy }) => proxy?.endsWith(`:${first.port}`))).toHaveLength(1);
    expect(three.filter(({ proxy }) => proxy?.endsWith(`:${second.port}`))).toHaveLength(2);

    await stage.api('b', 'DELETE', `/proxies/${proxyId}`);
    expect((await shown('a')).filter(({ proxy }) => proxy?.endsWith(`:${first.port}`))).toEqual([]);
    await states((all) => withCode(all).length === 2 && all.filter(waits).length === ids.length - 2);
  }, 300_000);
});
