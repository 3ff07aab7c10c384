/**
 * A start with many saved sessions. Tells how long until all are connected again and how long the runtime's event loop stood
 * still at the most.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { caller } from './api-call.ts';
import { within } from './deadline.ts';
import { startEngine } from './flow-engine.ts';
import { Child } from './runtime-process.ts';
import { KEY, linkAll, loginsOf, longestStall, phonesOf } from './storm.ts';

const DEADLINE_MS = 180_000;

export interface Restart {
  sessions: number;
  /** From the start of the process until it answers. */
  answersMs: number;
  /** From the start of the process until the last session had logged in. */
  allBackMs: number;
  stallMs: number;
  unhandled: readonly string[];
}

/** Links so many sessions, stops the runtime in good order and starts it again. Rejects when one stays away. */
export async function restart(sessions: number): Promise<Restart> {
  const directory = mkdtempSync(join(tmpdir(), 'whatsapp-restart-'));
  const sandbox = await startSandbox({ preKeyStock: 'ample' });
  const engine = await startEngine();
  const [port, metricsPort] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${port}`;
  const call = caller(() => base, KEY);
  const start = () => startRuntime(sandbox, { directory, port, metricsPort, sessions, store: engine.environment });
  const children = [start()];
  try {
    await children[0]?.answering(`${base}/health`);
    await linkAll(sandbox, call, sessions);
    await children[0]?.stop();
    const back = loginsOf(sandbox, phonesOf(sessions));
    const began = performance.now();
    const second = start();
    children.push(second);
    await second.answering(`${base}/health`);
    const answersMs = Math.round(performance.now() - began);
    await within(DEADLINE_MS, 'all sessions back', back);
    const allBackMs = Math.round(performance.now() - began);
    await call('GET', `/sessions/storm-${sessions - 1}/wait?status=connected&timeout=60`);
    return { sessions, answersMs, allBackMs, stallMs: await longestStall(metricsPort), unhandled: sandbox.unhandled };
  } finally {
    for (const child of children) await child.stop();
    await sandbox.stop();
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Place {
  directory: string;
  port: number;
  metricsPort: number;
  sessions: number;
  /** The settings of its engine. */
  store: Record<string, string>;
}

const startRuntime = (sandbox: Sandbox, { directory, port, metricsPort, sessions, store }: Place) =>
  new Child(['serve'], {
    ...{ PORT: String(port), METRICS_PORT: String(metricsPort), API_KEY: KEY, SESSIONS_DIR: directory },
    ...{ MAX_SESSIONS_PER_INSTANCE: String(sessions), LOG_LEVEL: 'warn' },
    ...{ WHATSAPP_WS_URL: sandbox.url, WHATSAPP_ROOT_KEY: sandbox.rootKey },
    ...store,
  });
