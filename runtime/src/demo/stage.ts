/** What both forms of the demo stand on: a sandbox here, and the runtime as a process of its own, as users run it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { sleep } from '../time.ts';
import { freePort } from './free-port.ts';

export type Env = Record<string, string | undefined>;

/** What `main.ts` lends the demo of the process it runs in. */
export interface DemoTools {
  print(line: string): void;
  signal: AbortSignal;
  environment: Env;
  /** Program and arguments that start the runtime. */
  runtimeCommand: readonly [string, ...string[]];
}

const READY_MS = 20_000;
const STOP_MS = 10_000;

interface Reply {
  success: boolean;
  data?: unknown;
  error?: { message: string; hint: string };
}

export class Stage {
  readonly sandbox: Sandbox;
  readonly url: string;
  readonly apiKey: string;
  readonly directory: string;
  readonly #tools: DemoTools;
  readonly #env: Env;
  #child: ChildProcess | null = null;
  #lastWords = '';

  private constructor(sandbox: Sandbox, port: number, directory: string, tools: DemoTools, settings: Env) {
    this.sandbox = sandbox;
    this.url = `http://127.0.0.1:${port}`;
    this.apiKey = randomBytes(18).toString('base64url');
    this.directory = directory;
    this.#tools = tools;
    const { PATH, HOME } = tools.environment;
    this.#env = {
      ...{ PATH, HOME, ...settings },
      PORT: String(port),
      API_KEY: this.apiKey,
      SESSIONS_DIR: join(directory, 'sessions'),
      METRICS_ENABLED: 'false',
      LOG_LEVEL: 'warn',
      OUTBOUND_ALLOW: '127.0.0.1',
      WHATSAPP_WS_URL: sandbox.url,
      WHATSAPP_ROOT_KEY: sandbox.rootKey,
    };
  }

  static async open(tools: DemoTools, settings: Env, controlPort?: number): Promise<Stage> {
    const sandbox = await startSandbox(controlPort === undefined ? {} : { controlPort });
    const directory = await mkdtemp(join(tmpdir(), 'whatsapp-demo-'));
    return new Stage(sandbox, await freePort(), directory, tools, settings);
  }

  /** Starts the runtime process and waits until it answers. */
  async startRuntime(): Promise<void> {
    const [program, ...args] = this.#tools.runtimeCommand;
    const child = spawn(program, args, { env: this.#env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (text: string) => (this.#lastWords = (this.#lastWords + text).slice(-2_000)));
    }
    const tooLate = AbortSignal.any([AbortSignal.timeout(READY_MS), this.#tools.signal]);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the runtime ended at once:\n${this.#lastWords}`);
      if (
        await fetch(`${this.url}/health`, { signal: tooLate }).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return;
      tooLate.throwIfAborted();
      await sleep(50, tooLate);
    }
  }

  /** Asks the runtime to end, as an operator would, and waits until it has. */
  async stopRuntime(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(forced);
  }

  /** Calls the API. Throws, in the API's own words, when it refuses. */
  async call<Data>(method: string, path: string, body?: object): Promise<Data> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: this.#tools.signal,
    });
    const reply = (await response.json()) as Reply;
    if (!reply.success) throw new Error(`${method} ${path}: ${reply.error?.message} ${reply.error?.hint}`);
    return reply.data as Data;
  }

  /** Makes a session and scans its QR code with the phone of the sandbox account. */
  async link(sessionId: string, phone: string): Promise<void> {
    await this.call('POST', '/sessions', { sessionId });
    await this.call('GET', `/sessions/${sessionId}/wait?status=qr&timeout=20`);
    const { qr } = await this.call<{ qr: string }>('GET', `/sessions/${sessionId}/qr`);
    await this.sandbox.account(phone).scan(qr);
    const path = `/sessions/${sessionId}/wait?status=connected&timeout=30`;
    const { reached, status } = await this.call<{ reached: boolean; status: string }>('GET', path);
    if (!reached) throw new Error(`the session is ${status}, not connected`);
  }

  async close(): Promise<void> {
    await this.stopRuntime();
    await this.sandbox.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
