/**
 * A soak: many sessions of one runtime process with traffic both ways, and random faults all the time. In the end all are
 * connected, every message was shown once and told once, and the runtime's heap stands where it stood after the first part.
 *
 * Both times the heap is read at rest: the faults are over, the messages are through, the garbage is collected.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import { caller, linkSession, type Call } from './api-call.ts';
import { eventually } from './deadline.ts';
import { dice } from './dice.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { Inspector } from './inspector.ts';
import { startReceiver, type Received, type Receiver } from './receiver.ts';
import { Child } from './runtime-process.ts';
import { SoakFaults, type FaultPace } from './soak-faults.ts';
import { SoakTraffic, sessionName } from './soak-traffic.ts';

const KEY = 'soak-test-key';
const FIRST_PHONE = 15_550_150_000;
/** Sessions being linked at the same time. */
const LINKED_AT_ONCE = 4;
const SETTLED_WITHIN_MS = 180_000;
const STOPPED_WITHIN_MS = 60_000;

export interface SoakOptions {
  sessions: number;
  /** All of it, and the part after which the heap is read first. */
  durationMs: number;
  warmUpMs: number;
  /** How long nothing happens before the heap is read: the client leaves timers of half a minute behind. */
  restMs: number;
  seed: number;
  faults: FaultPace;
  /** A directory for heap snapshots, when they are wanted. */
  snapshots?: string;
  note(what: string): void;
}

export interface Soak {
  sessions: number;
  seconds: number;
  seed: number;
  faults: number;
  /** Messages said to the sessions, and messages they accepted. */
  received: number;
  sent: number;
  lost: number;
  doubled: number;
  heapBeforeMb: number;
  heapAfterMb: number;
  growthPercent: number;
  /** What else is wrong. */
  problems: string[];
}

export async function soak(options: SoakOptions): Promise<Soak> {
  const stage = await Stage.open(options);
  try {
    return await stage.run();
  } finally {
    await stage.close();
  }
}

/** What a soak runs on. */
interface Parts {
  sandbox: Sandbox;
  receiver: Receiver;
  runtime: Child;
  inspector: Inspector;
  engine: FlowEngine;
  directory: string;
  call: Call;
}

class Stage {
  readonly #options: SoakOptions;
  readonly #parts: Parts;
  readonly #traffic: SoakTraffic;
  readonly #faults: SoakFaults;
  readonly #phones: readonly string[];

  private constructor(options: SoakOptions, parts: Parts, traffic: SoakTraffic) {
    this.#options = options;
    this.#parts = parts;
    this.#traffic = traffic;
    this.#phones = phonesOf(options.sessions);
    this.#faults = new SoakFaults(parts.sandbox, this.#phones, dice(options.seed), options.faults);
  }

  static async open(options: SoakOptions): Promise<Stage> {
    closeConsole();
    const directory = mkdtempSync(join(tmpdir(), 'whatsapp-soak-'));
    const sandbox = await startSandbox({ preKeyStock: 'ample' });
    const { sessions } = options;
    const engine = await startEngine();
    const told = new Map<string, Set<string>>();
    const receiver = await startReceiver((event) => noteTold(told, event));
    const [port, inspectorPort] = [await freePort(), await freePort()];
    const runtime = new Child(['serve'], {
      ...{ PORT: String(port), API_KEY: KEY, SESSIONS_DIR: directory, METRICS_ENABLED: 'false', LOG_LEVEL: 'error' },
      ...{ MAX_SESSIONS_PER_INSTANCE: String(sessions), DAILY_MESSAGE_LIMIT: '100000', OUTBOUND_ALLOW: '127.0.0.1' },
      // Many faults in a row are what this is about; nobody is there to look after a session that gave up.
      ...{
        MAX_RECONNECT_ATTEMPTS: '1000',
        HUMANIZATION_PROFILE: 'instant',
        NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}`,
      },
      ...{ WHATSAPP_WS_URL: sandbox.url, WHATSAPP_ROOT_KEY: sandbox.rootKey, ...engine.environment },
    });
    const call = caller(() => `http://127.0.0.1:${port}`, KEY);
    await runtime.answering(`http://127.0.0.1:${port}/health`);
    const inspector = await Inspector.at(inspectorPort);
    const phones = phonesOf(sessions);
    const traffic = new SoakTraffic({ sandbox, call, phones, told });
    const stage = new Stage(options, { sandbox, receiver, runtime, inspector, engine, directory, call }, traffic);
    await call('POST', '/webhooks', { url: receiver.url, events: ['message'] });
    await stage.#link();
    await traffic.befriend();
    return stage;
  }

  async run(): Promise<Soak> {
    const { durationMs, warmUpMs, seed, sessions, note } = this.#options;
    const began = performance.now();
    note('linked');
    await this.#part(warmUpMs);
    const before = await this.#heapAtRest('before');
    note(`heap after the first part: ${megabytes(before)} MB`);
    await this.#part(durationMs - warmUpMs);
    const after = await this.#heapAtRest('after');
    const counts = this.#traffic.count();
    for (const one of await this.#traffic.wrong()) note(one);
    return {
      ...{ sessions, seed, seconds: Math.round((performance.now() - began) / 1_000), faults: this.#faults.begun },
      ...counts,
      ...{ heapBeforeMb: megabytes(before), heapAfterMb: megabytes(after) },
      growthPercent: Math.round((1_000 * (after - before)) / before) / 10,
      problems: await this.#problems(),
    };
  }

  async close(): Promise<void> {
    await this.#parts.inspector.close();
    await this.#parts.runtime.kill();
    await this.#parts.sandbox.stop();
    await this.#parts.receiver.stop();
    await this.#parts.engine.stop();
    rmSync(this.#parts.directory, { recursive: true, force: true });
  }

  async #link(): Promise<void> {
    const waiting = [...this.#phones.entries()];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        await linkSession(this.#parts.call, this.#parts.sandbox, sessionName(next[0]), next[1]);
      }
    };
    await Promise.all(Array.from({ length: LINKED_AT_ONCE }, worker));
  }

  /** Traffic and faults for so long, and then until all is through. */
  async #part(ms: number): Promise<void> {
    const stopping = new AbortController();
    const running = [this.#traffic.run(stopping.signal), this.#faults.run(stopping.signal)];
    const failed = Promise.all(running).then(() => undefined);
    failed.catch(() => undefined);
    await Promise.race([failed, pause(ms)]);
    stopping.abort();
    await failed;
    const stopped = performance.now();
    await this.#settle();
    this.#options.note(`all through after ${Math.round(performance.now() - stopped)} ms`);
  }

  /** All sessions are connected, all that was said was told, and all that was accepted is on the screens. */
  async #settle(): Promise<void> {
    const { call } = this.#parts;
    for (const at of this.#phones.keys()) {
      const path = `/sessions/${sessionName(at)}/wait?status=connected&timeout=20`;
      await eventually(
        SETTLED_WITHIN_MS,
        `${sessionName(at)} connected`,
        () => call<{ reached: boolean; status: string; reason: { code: string } }>('GET', path),
        ({ reached }) => reached,
      );
    }
    await eventually(
      SETTLED_WITHIN_MS,
      'all messages through',
      () => this.#traffic.missing(),
      (missing) => missing.length === 0,
    ).catch((late: Error) => this.#options.note(late.message));
  }

  async #heapAtRest(name: string): Promise<number> {
    await pause(this.#options.restMs);
    const used = await this.#parts.inspector.heapUsed();
    const { snapshots } = this.#options;
    if (snapshots !== undefined) await this.#parts.inspector.snapshot(join(snapshots, `${name}.heapsnapshot`));
    return used;
  }

  /** Ends the runtime in good order, and tells what it and the sandbox complain of. */
  async #problems(): Promise<string[]> {
    const { runtime, sandbox } = this.#parts;
    await this.#parts.inspector.close();
    runtime.signal('SIGTERM');
    const { code, output } = await runtime.ended(STOPPED_WITHIN_MS);
    const said = output.split('\n').filter((line) => /unhandled rejection/.test(line));
    const ended = code === 0 ? [] : [`the runtime ended with ${code}`];
    return [...ended, ...said, ...sandbox.unhandled.map((stanza) => `unhandled: ${stanza}`)];
  }
}

const phonesOf = (sessions: number) => Array.from({ length: sessions }, (_none, at) => String(FIRST_PHONE + at));
const megabytes = (bytes: number) => Math.round((10 * bytes) / 2 ** 20) / 10;

/** The ids each text was told under. */
function noteTold(told: Map<string, Set<string>>, { id, data }: Received): number {
  const text = String(data.text);
  told.set(text, (told.get(text) ?? new Set()).add(id));
  return 200;
}
