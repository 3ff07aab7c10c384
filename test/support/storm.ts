/**
 * A reconnection storm: many sessions of one runtime process lose their connections in the same instant. Tells how long until
 * all are back and how long the runtime's event loop stood still at the most.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { caller, linkSession, type Call } from './api-call.ts';
import { within } from './deadline.ts';
import { startEngine } from './flow-engine.ts';
import { Child } from './runtime-process.ts';

export const KEY = 'storm-test-key';
export const FIRST_PHONE = 15_550_130_000;
/** Sessions being linked at the same time. */
const AT_ONCE = 4;
const DEADLINE_MS = 120_000;

export interface Storm {
  sessions: number;
  /** From the cut until the last session had logged in again. */
  allBackMs: number;
  /** The longest the event loop stood still meanwhile. */
  stallMs: number;
  unhandled: readonly string[];
}

/** Links so many sessions, cuts them all, and waits until all are back. Rejects when one stays away. */
export async function storm(sessions: number): Promise<Storm> {
  const directory = mkdtempSync(join(tmpdir(), 'whatsapp-storm-'));
  const sandbox = await startSandbox();
  const engine = await startEngine();
  const [port, metricsPort] = [await freePort(), await freePort()];
  const runtime = new Child(['serve'], {
    ...{ PORT: String(port), METRICS_PORT: String(metricsPort), API_KEY: KEY, SESSIONS_DIR: directory },
    ...{ MAX_SESSIONS_PER_INSTANCE: String(sessions), LOG_LEVEL: 'warn' },
    ...{ WHATSAPP_WS_URL: sandbox.url, WHATSAPP_ROOT_KEY: sandbox.rootKey },
    ...engine.environment,
  });
  try {
    const base = `http://127.0.0.1:${port}`;
    await runtime.answering(`${base}/health`);
    await linkAll(
      sandbox,
      caller(() => base, KEY),
      sessions,
    );
    await longestStall(metricsPort);
    const began = performance.now();
    const back = loginsOf(sandbox, phonesOf(sessions));
    sandbox.trouble.begin({ name: 'tcp-reset' });
    await within(DEADLINE_MS, 'all sessions back', back);
    const allBackMs = Math.round(performance.now() - began);
    return { sessions, allBackMs, stallMs: await longestStall(metricsPort), unhandled: sandbox.unhandled };
  } finally {
    await runtime.stop();
    await sandbox.stop();
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function linkAll(sandbox: Sandbox, call: Call, sessions: number): Promise<void> {
  const waiting = [...phonesOf(sessions).entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await linkSession(call, sandbox, `storm-${next[0]}`, next[1]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export const phonesOf = (sessions: number) => Array.from({ length: sessions }, (_none, at) => String(FIRST_PHONE + at));

/** Resolves when each of these accounts has logged in from now on. */
export function loginsOf({ events }: Sandbox, phones: readonly string[]): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const away = new Set(phones);
  const onLogin = ({ phone }: { phone: string }) => {
    away.delete(phone);
    if (away.size > 0) return;
    events.off('login', onLogin);
    resolve(undefined);
  };
  events.on('login', onLogin);
  return promise;
}

/** Since it was asked last: the measure begins anew each time the metrics are collected. */
export async function longestStall(metricsPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Math.round(1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1]));
}
