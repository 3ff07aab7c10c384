/** Several workers as processes on one Redis, and a sandbox they connect to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually } from './deadline.ts';
import { RedisServer } from './redis-server.ts';
import { Child, SandboxControl } from './runtime-process.ts';

export const API_KEY = 'key-of-this-test-only';

export class Workers {
  readonly redis: RedisServer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'workers-'));
  readonly #children: Child[] = [];
  readonly #workers = new Map<string, Child>();
  readonly #addresses = new Map<string, string>();
  #whatsapp: Record<string, string> = {};
  #sandbox: SandboxControl | null = null;

  private constructor(redis: RedisServer) {
    this.redis = redis;
  }

  static async start(...names: string[]): Promise<Workers> {
    const stage = new Workers(await RedisServer.start());
    try {
      await stage.#startSandbox();
      for (const name of names) await stage.join(name);
      return stage;
    } catch (error) {
      await stage.end();
      throw error;
    }
  }

  get sandbox(): SandboxControl {
    if (!this.#sandbox) throw new Error('there is no sandbox');
    return this.#sandbox;
  }

  /** Another way in, such as what stands before the workers. */
  reachedBy(name: string, url: string): void {
    this.#addresses.set(name, url);
  }

  async join(name: string, given?: number): Promise<void> {
    const port = given ?? (await freePort());
    const url = `http://127.0.0.1:${port}`;
    const child = new Child(['serve'], {
      ...this.#whatsapp,
      ...{ PORT: String(port), HOST: '127.0.0.1', API_KEY, CLUSTER_URL: url, METRICS_ENABLED: 'false' },
      ...{ REDIS_URL: this.redis.url, ENCRYPTION_KEY: 'ab'.repeat(32), SESSIONS_DIR: join(this.#folder, 'sessions') },
      ...{ OUTBOUND_ALLOW: '127.0.0.1', HUMANIZATION_PROFILE: 'instant', HUMANIZATION_ENABLED: 'false' },
      ...{ MAX_SESSIONS_PER_INSTANCE: '200', LOG_LEVEL: 'info' },
    });
    this.#children.push(child);
    this.#workers.set(name, child);
    this.#addresses.set(name, url);
    await child.answering(`${url}/health`);
  }

  worker(name: string): Child {
    return known(this.#workers, name);
  }

  /** Where its API is. */
  address(name: string): string {
    return known(this.#addresses, name);
  }

  /** Calls one worker's API. */
  async ask(name: string, method: string, path: string, body?: unknown, key?: string) {
    const answer = await fetch(known(this.#addresses, name) + path, {
      method,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key.replaceAll(' ', '-') }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(40_000),
    });
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    const said = isJson ? await answer.json() : { error: { code: 'not_json' } };
    return { status: answer.status, body: said as { data: never; error?: { code: string } } };
  }

  async api<Data>(name: string, method: string, path: string, body?: unknown, key?: string): Promise<Data> {
    // What is told to come again comes again: a session may be moving to another worker.
    const { status, body: answer } = await eventually(
      60_000,
      `${method} ${path}`,
      () => this.ask(name, method, path, body, key),
      // And what nginx could not pass on because its worker had died.
      ({ status: now, body: said }) => now !== 502 && said.error?.code !== 'session_moving',
    );
    if (status >= 300) throw new Error(`${name} ${method} ${path}: ${status} ${answer.error?.code}`);
    return answer.data;
  }

  async linked(name: string, sessionId: string, phone: string): Promise<void> {
    await this.api(name, 'POST', '/sessions', { sessionId });
    await this.api(name, 'GET', `/sessions/${sessionId}/wait?status=qr&timeout=30`);
    // A session that moves to another worker shows its next code there.
    const { body } = await eventually(
      30_000,
      `the QR code of ${sessionId}`,
      () => this.ask(name, 'GET', `/sessions/${sessionId}/qr`),
      ({ status }) => status === 200,
    );
    await this.sandbox.scan(phone, (body.data as { qr: string }).qr);
    const path = `/sessions/${sessionId}/wait?status=connected&timeout=30`;
    const now = await this.api<{ reached: boolean }>(name, 'GET', path);
    if (!now.reached) throw new Error(`${sessionId} did not connect: ${JSON.stringify(now)}`);
  }

  async end(): Promise<void> {
    for (const child of this.#children.reverse()) await child.kill();
    await this.redis.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startSandbox(): Promise<void> {
    const controlPort = await freePort();
    const places = ['--control-port', String(controlPort), '--media-ca', join(this.#folder, 'media-ca.pem')];
    const sandbox = new Child(['sandbox', '--empty', ...places], {});
    this.#children.push(sandbox);
    for (const key of ['WHATSAPP_WS_URL', 'WHATSAPP_ROOT_KEY', 'NODE_EXTRA_CA_CERTS'])
      this.#whatsapp[key] = await sandbox.printed(key);
    this.#sandbox = new SandboxControl(`http://127.0.0.1:${controlPort}`);
  }
}

function known<Of>(all: ReadonlyMap<string, Of>, name: string): Of {
  const found = all.get(name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}
