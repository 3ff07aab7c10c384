/** A Redis of its own and processes that take leases there; what they did when, by the machine's clock. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, within } from './deadline.ts';
import { RedisServer } from './redis-server.ts';

const START_MS = 30_000;

export interface Deed {
  /** `twice`: two runs of one session in one process. */
  what: 'act' | 'end' | 'twice';
  /** A session, or what the keeper runs. */
  id: string;
  generation: number;
  /** µs. */
  at: number;
  by: string;
}

class Program {
  readonly #process: ChildProcess;
  readonly #started: Promise<unknown>;

  constructor(command: string, args: string[], startedAt: RegExp) {
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    let output = '';
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (startedAt.test(output)) resolve(undefined);
    });
    this.#started = Promise.race([promise, once(this.#process, 'exit').then(() => Promise.reject(new Error(output)))]);
    this.#started.catch(() => undefined);
  }

  async started(): Promise<void> {
    await within(START_MS, 'the start', this.#started);
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await within(START_MS, 'the end', ended);
  }
}

export class LeaseStage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'leases-'));
  readonly #sessions: number;
  readonly #workers = new Map<string, Program>();
  readonly #leaseMs: number;
  readonly redis: RedisServer;

  private constructor(redis: RedisServer, sessions: number, leaseMs: number) {
    this.redis = redis;
    this.#sessions = sessions;
    this.#leaseMs = leaseMs;
  }

  static async start(sessions: number, leaseMs: number): Promise<LeaseStage> {
    return new LeaseStage(await RedisServer.start(), sessions, leaseMs);
  }

  async join(name: string): Promise<void> {
    const script = join(process.cwd(), 'test', 'support', 'lease-holder.ts');
    const args = [script, String(this.redis.port), this.#file(name), String(this.#sessions), String(this.#leaseMs)];
    const worker = new Program(process.execPath, args, /STARTED/);
    this.#workers.set(name, worker);
    await worker.started();
  }

  worker(name: string): Program {
    const worker = this.#workers.get(name);
    if (!worker) throw new Error(`there is no worker ${name}`);
    return worker;
  }

  /** All that was done, in the order of the clock. */
  deeds(): Deed[] {
    const read = (by: string) =>
      readFileSync(this.#file(by), { encoding: 'utf8', flag: 'a+' })
        .split('\n')
        // The last line may be half written.
        .slice(0, -1)
        .map((line): Deed => ({ ...(JSON.parse(line) as Omit<Deed, 'by'>), by }));
    return [...this.#workers.keys()].flatMap(read).sort((a, b) => a.at - b.at);
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.jsonl`);
  }

  now = () => Number(process.hrtime.bigint() / 1_000n);

  /** Resolves when every session, and what runs once, has been acted for since `since`, by how many sessions of whom. */
  async allActed(since: number, ms: number, fits: (loads: Record<string, number>) => boolean = () => true) {
    const read = () => {
      const last = new Map(
        this.deeds()
          .filter(({ what, at }) => what === 'act' && at > since)
          .map((deed) => [deed.id, deed.by]),
      );
      const loads: Record<string, number> = {};
      for (const [id, by] of last) if (id !== '.keeper') loads[by] = (loads[by] ?? 0) + 1;
      return { acted: last.size, loads };
    };
    const { loads } = await eventually(
      ms,
      'all acted for',
      read,
      ({ acted, loads: now }) => acted === this.#sessions + 1 && fits(now),
    );
    return loads;
  }

  async end(): Promise<void> {
    for (const worker of this.#workers.values()) await worker.end('SIGKILL');
    await this.redis.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What was done for something after somebody else had been given a later lease on it, or twice at one time. */
export function overlaps(deeds: readonly Deed[]): Deed[] {
  const highest = new Map<string, number>();
  return deeds.filter(({ what, id, generation }) => {
    if (what === 'end') return false;
    const before = highest.get(id) ?? 0;
    highest.set(id, Math.max(before, generation));
    return what === 'twice' || generation < before;
  });
}
