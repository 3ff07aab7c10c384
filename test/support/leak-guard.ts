/**
 * After each test file, what keeps a process alive (timers, sockets, servers, child processes) must be back to what it
 * was before it: a timer that outlives its owner is how a service grows until it dies.
 */
import { afterAll, beforeAll } from '@jest/globals';

const GRACE_MS = 3_000;
// Jest's own plumbing comes and goes with its worker processes.
const IGNORED = new Set(['FSReqCallback', 'FSReqPromise', 'MessagePort', 'PipeWrap', 'Immediate', 'CloseReq', 'TTYWrap']);

function census(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!IGNORED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

let before = new Map<string, number>();
const surplus = () =>
  [...census()].map(([kind, n]) => ({ kind, more: n - (before.get(kind) ?? 0) })).filter(({ more }) => more > 0);

beforeAll(() => {
  before = census();
});

afterAll(async () => {
  const deadline = Date.now() + GRACE_MS;
  while (surplus().length > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  const leaked = surplus();
  if (leaked.length > 0) throw new Error(`Left running after this file: ${JSON.stringify(leaked)}`);
});
