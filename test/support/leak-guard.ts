/**
 * After each test file nothing it started may keep the process alive: a timer that outlives its owner is how a service
 * grows until it dies. Timers, sockets, servers and child processes are followed from their making to their end.
 */
import { createHook } from 'node:async_hooks';
import { afterAll, beforeAll } from '@jest/globals';

const GRACE_MS = 3_000;
const FOLLOWED = new Set(['Timeout', 'TCPSERVERWRAP', 'TCPWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'PROCESSWRAP']);
const RUNNER = /jest-circus/;
/** The client races its pre-key upload against a 30 s timer that it never clears (Socket/socket.js:391). */
const CLIENT = /uploadPreKeys/;

interface Followed {
  type: string;
  madeAt: string;
  resource: { hasRef?: () => boolean; unref?: () => void };
}

const alive = new Map<number, Followed>();
const hook = createHook({
  init(id, type, _trigger, resource: Followed['resource']) {
    if (!FOLLOWED.has(type)) return;
    // Who asked for it: the first frame outside node itself.
    const frames = (new Error().stack ?? '').split('\n').slice(2).filter((frame) => !frame.includes('node:'));
    if (RUNNER.test(frames[0] ?? '')) return;
    if (CLIENT.test(frames.slice(0, 3).join())) setImmediate(() => resource.unref?.());
    else alive.set(id, { type, madeAt: frames.join('\n'), resource });
  },
  destroy: (id) => void alive.delete(id),
});

const leaks = () => [...alive.values()].filter(({ resource }) => resource.hasRef?.() ?? true);

beforeAll(() => void hook.enable());

afterAll(async () => {
  const deadline = Date.now() + GRACE_MS;
  while (leaks().length > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  hook.disable();
  const left = leaks();
  if (left.length > 0) {
    throw new Error(`Left running after this file:\n${left.map(({ type, madeAt }) => `${type} made\n${madeAt}`).join('\n')}`);
  }
});
