/** How long the sessions of a worker that was killed are away: until the other workers have all of them logged in again. */
import { within } from '../../support/deadline.ts';
import { hasRedis } from '../../support/redis-server.ts';
import type { Bench } from './bench.ts';
import { Skipped, type Measured, type Stage } from './scenario.ts';
import { bareAnew } from './sessions.ts';

const WORKERS = 3;
const BACK_WITHIN_MS = 120_000;

/** Seconds from the kill until whoever lost their connection by it has logged in again, which must be some of these. */
async function takenOver({ sandbox }: Bench, phones: readonly string[], kill: () => Promise<void>): Promise<number> {
  const ours = new Set(phones);
  const away = new Set<string>();
  const back = Promise.withResolvers<undefined>();
  const onClosed = ({ phone }: { phone: string }) => ours.has(phone) && away.add(phone);
  const onLogin = ({ phone }: { phone: string }) => {
    if (away.delete(phone) && away.size === 0) back.resolve(undefined);
  };
  sandbox.events.on('closed', onClosed);
  sandbox.events.on('login', onLogin);
  try {
    const began = performance.now();
    await kill();
    await within(BACK_WITHIN_MS, 'the sessions of the worker that was killed', back.promise);
    return (performance.now() - began) / 1_000;
  } finally {
    sandbox.events.off('closed', onClosed);
    sandbox.events.off('login', onLogin);
  }
}

export function failOverStage(sessions: number): Stage {
  let killFirst: () => Promise<void>;
  return {
    async prepare(bench) {
      if (!hasRedis()) throw new Skipped('no redis-server here');
      const workers = await bench.startWorkers(WORKERS);
      await bench.startBare();
      killFirst = async () => await workers[0]?.worker.kill();
      await bench.linkBy(
        workers.map(({ call }) => call),
        sessions,
      );
      await bench.linkBare(sessions / WORKERS);
    },
    scenarios: [
      {
        name: 'fail-over',
        what: `one of ${WORKERS} workers with ${sessions} sessions is killed: until the others have all of its sessions logged in`,
        unit: 's',
        goals: [{ of: 'value', atMost: 20 }],
        async measure(bench): Promise<Measured> {
          await bench.allOnline();
          const bare = await bareAnew(bench);
          const value = await takenOver(bench, bench.runtime.phones, killFirst);
          await bench.allOnline();
          return { value, bare };
        },
      },
    ],
  };
}
