/** What a bench scenario gives, and what it runs on: one sandbox in this process, a runtime and bare clients in others. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../../runtime/src/demo/free-port.ts';
import { caller, linkSession, type Call } from '../../support/api-call.ts';
import { within } from '../../support/deadline.ts';
import { Inspector } from '../../support/inspector.ts';
import { Child } from '../../support/runtime-process.ts';
import { inParallel, type Address } from '../bare-sockets.ts';
import type { Order } from './bare-clients.ts';

export interface Row {
  scenario: string;
  value: number;
  unit: string;
  /** The same of bare clients, where they have it. */
  bare: number | null;
  /** Ours by theirs. */
  ratio: number | null;
  goal: string;
  ok: boolean;
}

const KEY = 'bench-key';
const FIRST_RUNTIME_PHONE = 15_550_170_000;
const FIRST_BARE_PHONE = 15_550_180_000;
const LINKED_AT_ONCE = 4;
const ORDER_MS = 900_000;
const BARE = new URL('./bare-clients.ts', import.meta.url);

const phonesFrom = (first: number, count: number) => Array.from({ length: count }, (_none, at) => String(first + at));
export const sessionName = (at: number): string => `bench-${at}`;

/** A process that hosts sessions, one way or the other. */
export interface Host {
  pid: number;
  inspectorPort: number;
  phones: readonly string[];
}

export class Bench {
  readonly sandbox: Sandbox;
  readonly directory = mkdtempSync(join(tmpdir(), 'whatsapp-bench-'));
  readonly call: Call;
  readonly apiUrl: string;
  readonly apiKey = KEY;
  readonly #address: Address;
  readonly #port: number;
  #runtime: Child | null = null;
  #bare: ChildProcess | null = null;
  #runtimeInspector = 0;
  #bareInspector = 0;
  #runtimePhones: string[] = [];
  #barePhones: string[] = [];

  private constructor(sandbox: Sandbox, port: number) {
    this.sandbox = sandbox;
    this.#port = port;
    this.apiUrl = `http://127.0.0.1:${port}`;
    this.call = caller(() => this.apiUrl, KEY);
    this.#address = { url: sandbox.url, rootKey: sandbox.rootKey, controlUrl: sandbox.controlUrl ?? '' };
  }

  static async open(): Promise<Bench> {
    return new Bench(await startSandbox({ preKeyStock: 'ample', controlPort: 0 }), await freePort());
  }

  /** Runs with a bench of its own, and ends it. */
  static async with<Result>(run: (bench: Bench) => Promise<Result>): Promise<Result> {
    const bench = await Bench.open();
    try {
      return await run(bench);
    } finally {
      await bench.close();
    }
  }

  get runtime(): Host {
    return { pid: this.#runtime?.pid ?? 0, inspectorPort: this.#runtimeInspector, phones: this.#runtimePhones };
  }

  get bare(): Host {
    return { pid: this.#bare?.pid ?? 0, inspectorPort: this.#bareInspector, phones: this.#barePhones };
  }

  async startRuntime(): Promise<void> {
    this.#runtimeInspector = await freePort();
    const { url, rootKey } = this.sandbox;
    this.#runtime = new Child(['serve'], {
      ...{ PORT: String(this.#port), API_KEY: KEY, SESSIONS_DIR: this.directory, METRICS_ENABLED: 'false' },
      ...{ MAX_SESSIONS_PER_INSTANCE: '1000', LOG_LEVEL: 'warn', HUMANIZATION_PROFILE: 'instant' },
      ...{ DAILY_MESSAGE_LIMIT: '100000', OUTBOUND_ALLOW: '127.0.0.1' },
      ...{ WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: rootKey },
      NODE_OPTIONS: `--inspect=127.0.0.1:${this.#runtimeInspector}`,
    });
    await this.#runtime.answering(`${this.apiUrl}/health`);
  }

  async stopRuntime(): Promise<void> {
    await this.#runtime?.stop();
  }

  async startBare(): Promise<void> {
    this.#bareInspector = await freePort();
    const execArgv = [`--inspect=127.0.0.1:${this.#bareInspector}`];
    this.#bare = fork(BARE, { execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await once(this.#bare, 'spawn');
  }

  async stopBare(): Promise<void> {
    if (!this.#bare || this.#bare.exitCode !== null) return;
    const ended = once(this.#bare, 'exit');
    this.#bare.kill('SIGKILL');
    await ended;
  }

  async linkRuntime(sessions: number): Promise<void> {
    this.#runtimePhones = phonesFrom(FIRST_RUNTIME_PHONE, sessions);
    await inParallel([...this.#runtimePhones.entries()], LINKED_AT_ONCE, async ([at, phone]) =>
      linkSession(this.call, this.sandbox, sessionName(at), phone),
    );
  }

  async linkBare(sessions: number): Promise<void> {
    this.#barePhones = phonesFrom(FIRST_BARE_PHONE, sessions);
    await this.tellBare({ what: 'open', address: this.#address, phones: this.#barePhones });
  }

  /** The bare sessions of a process that has ended, from what it saved. */
  async loadBare(file: string): Promise<void> {
    await this.tellBare({ what: 'load', address: this.#address, file });
  }

  async tellBare(order: Order): Promise<void> {
    if (!this.#bare) throw new Error('the bare clients are not running');
    this.#bare.send(order);
    const [answer] = (await within(ORDER_MS, `bare clients: ${order.what}`, once(this.#bare, 'message'))) as [object];
    if ('failed' in answer) throw new Error(`bare clients: ${String(answer.failed)}`);
  }

  async close(): Promise<void> {
    await this.stopBare();
    await this.#runtime?.kill();
    const { unhandled } = this.sandbox;
    await this.sandbox.stop();
    rmSync(this.directory, { recursive: true, force: true });
    if (unhandled.length > 0) throw new Error(`stanzas nobody handled: ${unhandled.join('\n')}`);
  }
}

/** Resident memory of a process after its garbage has been collected, bytes. Reads /proc, so on Linux only. */
export async function residentAfterCollection({ pid, inspectorPort }: Host): Promise<number> {
  const inspector = await Inspector.at(inspectorPort);
  await inspector.heapUsed();
  await inspector.close();
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

export const round = (value: number, digits = 1): number => Math.round(10 ** digits * value) / 10 ** digits;

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
