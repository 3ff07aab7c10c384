/** Debian's redis-server on a free port of this machine. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually, within } from './deadline.ts';

const START_MS = 30_000;
const STOP_MS = 30_000;

/** Whether there is a redis-server to start. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** Settings as on redis-server's command line, without the dashes; these come last. */
export type RedisSettings = Record<string, string>;

const SETTINGS: RedisSettings = {
  bind: '127.0.0.1',
  save: '',
  appendonly: 'yes',
  // What was answered is written, so that a test may kill it at any moment; with `everysec` a slow disk delays that.
  appendfsync: 'no',
  'maxmemory-policy': 'noeviction',
};

/** A Redis with a directory of its own, which can be killed, frozen and started again where it was. */
export class RedisServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #settings: RedisSettings;
  #child: ChildProcess | undefined;

  private constructor(port: number, settings: RedisSettings) {
    this.port = port;
    this.#settings = { port: String(port), ...SETTINGS, dir: this.#directory, ...settings };
  }

  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    try {
      await server.up();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `kill`. */
  async up(): Promise<void> {
    const options = Object.entries(this.#settings).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    let said = '';
    const ready = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000);
        if (said.includes('Ready to accept connections')) resolve();
      });
    });
    // Rejects when there is no such program.
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`Redis ended:\n${said}`)));
    ended.catch(() => undefined);
    await within(START_MS, 'Redis', Promise.race([ready, ended]));
    await eventually(START_MS, `port ${this.port}`, () => this.#answers(), Boolean);
  }

  /** Ends it as a crash does; nothing is written any more. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await within(STOP_MS, 'the end of Redis', exited);
  }

  /** How much it has written down. */
  written(): number {
    return statSync(this.#log()).size;
  }

  /** Crashes, and starts again without what it wrote after it had written so much. */
  async forget(since: number): Promise<void> {
    const log = this.#log();
    await this.kill();
    truncateSync(log, since);
    await this.up();
  }

  /** It stays connected and says nothing, until `thaw`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** All that it has on the disk. */
  files(): string {
    return bytesIn(this.#directory);
  }

  /** Ends it and its files while this process itself ends, and there is no time to wait for anybody. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #log(): string {
    const folder = join(this.#directory, 'appendonlydir');
    const log = readdirSync(folder).find((name) => name.endsWith('.incr.aof'));
    if (log === undefined) throw new Error('Redis has written no log.');
    return join(folder, log);
  }

  async #answers(): Promise<boolean> {
    const socket = connectTcp(this.port, '127.0.0.1');
    try {
      return await new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
    } finally {
      socket.destroy();
    }
  }
}

/** All files in a directory, one after the other, a character for a byte. */
export function bytesIn(directory: string): string {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');
}
