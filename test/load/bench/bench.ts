/** What a stage of the bench runs on: one sandbox in this process, a runtime and bare clients in others. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../../runtime/src/demo/free-port.ts';
import { caller, linkSession, type Call } from '../../support/api-call.ts';
import { eventually } from '../../support/deadline.ts';
import { Inspector } from '../../support/inspector.ts';
import { residentBytes } from '../../support/memory.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { Child } from '../../support/runtime-process.ts';
import type { Address } from '../bare-sockets.ts';
import { inParallel } from '../../support/in-parallel.ts';
import type { Answers, Order } from './bare-clients.ts';

const KEY = 'bench-key';
const FIRST_RUNTIME_PHONE = 15_550_170_000;
const FIRST_BARE_PHONE = 15_550_180_000;
const LINKED_AT_ONCE = 4;
const ORDER_MS = 900_000;
/** A session that moves is away for a moment. */
const ONLINE_MS = 30_000;
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
  static readonly #open = new Set<Bench>();
  readonly sandbox: Sandbox;
  readonly directory = mkdtempSync(join(tmpdir(), 'whatsapp-bench-'));
  readonly #mediaCa = join(this.directory, 'media-ca.pem');
  readonly call: Call;
  readonly apiUrl: string;
  readonly apiKey = KEY;
  readonly #address: Address;
  readonly #port: number;
  #runtime: Child | null = null;
  #redis: RedisServer | null = null;
  readonly #workers: Child[] = [];
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
    writeFileSync(this.#mediaCa, sandbox.mediaCa);
    if (Bench.#open.size === 0) process.once('exit', Bench.#end);
    Bench.#open.add(this);
  }

  /** This process ends: there is no time to wait for anybody. */
  static readonly #end = (): void => {
    for (const bench of Bench.#open) {
      bench.#bare?.kill('SIGKILL');
      for (const child of [bench.#runtime, ...bench.#workers]) child?.signal('SIGKILL');
      bench.#redis?.abandon();
      // It may write another file before it is dead.
      rmSync(bench.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  };

  static async open(): Promise<Bench> {
    return new Bench(await startSandbox({ preKeyStock: 'ample', controlPort: 0 }), await freePort());
  }

  /** Runs on a bench of its own, and ends it. */
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
    this.#runtime = this.#serve(this.#port, { NODE_OPTIONS: `--inspect=127.0.0.1:${this.#runtimeInspector}` });
    await this.#runtime.answering(`${this.apiUrl}/health`);
  }

  #serve(port: number, more: Record<string, string>): Child {
    const { url, rootKey } = this.sandbox;
    return new Child(['serve'], {
      ...{ PORT: String(port), API_KEY: KEY, SESSIONS_DIR: this.directory, METRICS_ENABLED: 'false' },
      ...{ MAX_SESSIONS_PER_INSTANCE: '1000', LOG_LEVEL: 'warn', HUMANIZATION_PROFILE: 'instant' },
      ...{ DAILY_MESSAGE_LIMIT: '100000', OUTBOUND_ALLOW: '127.0.0.1' },
      ...{ WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: rootKey },
      ...{ NODE_EXTRA_CA_CERTS: this.#mediaCa, ...more },
    });
  }

  /** Several runtimes that share their sessions by a Redis, each with the way to call it. */
  async startWorkers(count: number): Promise<{ worker: Child; call: Call }[]> {
    const redis = await RedisServer.start({ appendfsync: 'everysec' });
    this.#redis = redis;
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const shared = { REDIS_URL: redis.url, CLUSTER_URL: url, ENCRYPTION_KEY: 'ab'.repeat(32) };
        const worker = this.#serve(port, shared);
        this.#workers.push(worker);
        await worker.answering(`${url}/health`);
        return { worker, call: caller(() => url, KEY) };
      }),
    );
  }

  async stopRuntime(): Promise<void> {
    await this.#runtime?.stop();
  }

  async startBare(): Promise<void> {
    this.#bareInspector = await freePort();
    const execArgv = [`--inspect=127.0.0.1:${this.#bareInspector}`];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: this.#mediaCa };
    this.#bare = fork(BARE, { execArgv, env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await this.tellBare({ what: 'greet' });
  }

  async stopBare(): Promise<void> {
    if (!this.#bare || this.#bare.exitCode !== null || this.#bare.signalCode !== null) return;
    const ended = once(this.#bare, 'exit');
    this.#bare.kill('SIGKILL');
    await ended;
  }

  /** So many sessions of each, both at the same time: what they do shares one sandbox anyway. */
  async link(sessions: number): Promise<void> {
    await Promise.all([this.linkBy([this.call], sessions), this.linkBare(sessions)]);
  }

  /** So many sessions of ours, each by the next of these callers. */
  async linkBy(calls: readonly Call[], sessions: number): Promise<void> {
    this.#runtimePhones = phonesFrom(FIRST_RUNTIME_PHONE, sessions);
    await inParallel([...this.#runtimePhones.entries()], LINKED_AT_ONCE, async ([at, phone]) =>
      linkSession(calls[at % calls.length] ?? this.call, this.sandbox, sessionName(at), phone),
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

  /** Bare sessions that are cut come back by themselves from now on. */
  async returningBare(): Promise<void> {
    await this.tellBare({ what: 'return', address: this.#address });
  }

  async tellBare<What extends Order['what']>(order: Extract<Order, { what: What }>): Promise<Answers[What]> {
    if (!this.#bare) throw new Error('the bare clients are not running');
    const answered = once(this.#bare, 'message', { signal: AbortSignal.timeout(ORDER_MS) });
    const ended = once(this.#bare, 'exit').then(() => Promise.reject(new Error('the bare clients ended')));
    this.#bare.send(order);
    const [answer] = (await Promise.race([answered, ended])) as [Answers[What] | { failed: string }];
    if (answer !== null && 'failed' in answer) throw new Error(`bare clients: ${answer.failed}`);
    return answer;
  }

  /** Rejects when an account has no connection, and gets none: one may be moving to another worker. */
  async allOnline(): Promise<void> {
    const phones = [...this.#runtimePhones, ...this.#barePhones];
    const away = () => phones.filter((phone) => !this.sandbox.account(phone).isOnline());
    await eventually(ONLINE_MS, `all ${phones.length} sessions connected`, away, (list) => list.length === 0);
  }

  /** Runs this; with a folder, a profile of the runtime's processor time meanwhile is written there under this name. */
  async profiled<Result>(folder: string | undefined, name: string, run: () => Promise<Result>): Promise<Result> {
    if (folder === undefined || !this.#runtime) return await run();
    const inspector = await Inspector.at(this.#runtimeInspector);
    await inspector.startProfile();
    const result = await run();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.cpuprofile`), JSON.stringify(await inspector.stopProfile()));
    await inspector.close();
    return result;
  }

  async close(): Promise<void> {
    await this.stopBare();
    for (const child of [this.#runtime, ...this.#workers]) await child?.kill();
    await this.#redis?.stop();
    const { unhandled } = this.sandbox;
    await this.sandbox.stop();
    rmSync(this.directory, { recursive: true, force: true });
    Bench.#open.delete(this);
    if (unhandled.length > 0) throw new Error(`stanzas nobody handled: ${unhandled.join('\n')}`);
  }
}

/** Resident memory of a process after its garbage has been collected, bytes. Reads /proc, so on Linux only. */
export async function residentAfterCollection({ pid, inspectorPort }: Host): Promise<number> {
  const inspector = await Inspector.at(inspectorPort);
  await inspector.heapUsed();
  await inspector.close();
  return await residentBytes(pid);
}
