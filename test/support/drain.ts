/**
 * A drain under kills: many messages are accepted while their sessions are disconnected, then all sessions connect again and
 * the runtime is killed with SIGKILL over and over while the messages go. In the end each is on its recipient's screen once,
 * in order per chat, and the runtime's own count of them is the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import { caller, type Call } from './api-call.ts';
import { eventually } from './deadline.ts';
import { dice } from './dice.ts';
import { chatsOf, onScreens, planned, standing, type Planned, type Standing } from './drain-messages.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { Child } from './runtime-process.ts';
import { FIRST_PHONE, KEY, linkAll } from './storm.ts';

/** Requests that are under way at the same time. */
const CALLERS = 16;
const KNOWN_WITHIN_MS = 300_000;
/** Without a single message shown. The back-off after so many kills in a row is a minute and a half at the longest. */
const STUCK_AFTER_MS = 240_000;
const STOPPED_WITHIN_MS = 60_000;

export interface DrainOptions {
  messages: number;
  kills: number;
  sessions: number;
  seed: number;
  note(what: string): void;
}

export interface Drain {
  messages: number;
  /** Kills while messages were still to be shown. */
  kills: number;
  missing: number;
  doubled: number;
  outOfOrder: number;
  /** What the runtime says of those it accepted: gone, or failed. */
  sent: number;
  failed: number;
  /** From the reconnection until the last message was shown and counted. */
  seconds: number;
  /** What else is wrong. */
  problems: string[];
  ok: boolean;
}

export async function drain(options: DrainOptions): Promise<Drain> {
  const stage = await Stage.open(options);
  try {
    return await stage.run();
  } finally {
    await stage.close();
  }
}

const phoneOf = (session: number): string => String(FIRST_PHONE + session);
const sessionName = (session: number): string => `storm-${session}`;

interface Parts {
  sandbox: Sandbox;
  receiver: Receiver;
  engine: FlowEngine;
  told: ReadonlySet<string>;
  port: number;
}

class Stage {
  readonly #options: DrainOptions;
  readonly #sandbox: Sandbox;
  readonly #receiver: Receiver;
  readonly #engine: FlowEngine;
  readonly #told: ReadonlySet<string>;
  readonly #base: string;
  readonly #call: Call;
  readonly #start: () => Child;
  readonly #directory: string;
  readonly #rounds: Planned[][];
  readonly #accepted = new Set<string>();
  #runtime: Child;
  #shown = 0;

  private constructor(options: DrainOptions, parts: Parts) {
    this.#options = options;
    this.#sandbox = parts.sandbox;
    this.#receiver = parts.receiver;
    this.#engine = parts.engine;
    this.#told = parts.told;
    this.#base = `http://127.0.0.1:${parts.port}`;
    this.#call = caller(() => this.#base, KEY);
    this.#rounds = planned(options.messages, options.sessions);
    this.#directory = mkdtempSync(join(tmpdir(), 'whatsapp-drain-'));
    this.#start = () =>
      new Child(['serve'], {
        ...{ PORT: String(parts.port), API_KEY: KEY, SESSIONS_DIR: this.#directory, OUTBOUND_ALLOW: '127.0.0.1' },
        ...{ METRICS_ENABLED: 'false', LOG_LEVEL: 'error', HUMANIZATION_PROFILE: 'instant' },
        ...{ MAX_SESSIONS_PER_INSTANCE: String(options.sessions), DAILY_MESSAGE_LIMIT: '1000000' },
        // Many kills in a row are what this is about; nobody is there to look after a session that gave up.
        ...{ MAX_RECONNECT_ATTEMPTS: '1000', WHATSAPP_WS_URL: this.#sandbox.url },
        WHATSAPP_ROOT_KEY: this.#sandbox.rootKey,
        ...parts.engine.environment,
      });
    this.#runtime = this.#start();
  }

  static async open(options: DrainOptions): Promise<Stage> {
    closeConsole();
    const told = new Set<string>();
    const receiver = await startReceiver(({ data }) => {
      told.add(String(data.text));
      return 200;
    });
    const sandbox = await startSandbox({ preKeyStock: 'ample' });
    return new Stage(options, { sandbox, receiver, told, engine: await startEngine(), port: await freePort() });
  }

  async run(): Promise<Drain> {
    const { note, sessions } = this.#options;
    await this.#runtime.answering(`${this.#base}/health`);
    await linkAll(this.#sandbox, this.#call, sessions);
    await this.#befriend();
    note('everybody known');
    await this.#everySession('disconnect');
    await this.#queue();
    note(`${this.#accepted.size} accepted`);
    this.#sandbox.events.on('message', () => void this.#shown++);
    const began = performance.now();
    await this.#everySession('reconnect');
    const kills = await this.#kill();
    const counts = await this.#settle();
    return await this.#result(kills, counts, Math.round((performance.now() - began) / 1_000));
  }

  async close(): Promise<void> {
    await this.#runtime.kill();
    await this.#sandbox.stop();
    await this.#receiver.stop();
    await this.#engine.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Everybody has written to every session once, so that a message to them is no first contact. */
  async #befriend(): Promise<void> {
    await this.#call('POST', '/webhooks', { url: this.#receiver.url, events: ['message'] });
    const { messages, sessions } = this.#options;
    const greetings: string[] = [];
    for (const { session, contact } of chatsOf(messages, sessions)) {
      const text = `hello ${session} ${contact}`;
      await this.#sandbox.contact(contact).say(this.#sandbox.account(phoneOf(session)), text);
      greetings.push(text);
      // Encrypting keeps this process busy; the receiver, which lives in it too, must answer meanwhile.
      await pause(1);
    }
    await eventually(
      KNOWN_WITHIN_MS,
      'everybody known',
      () => greetings.filter((text) => !this.#told.has(text)).length,
      (missing) => missing === 0,
    );
  }

  async #everySession(act: 'disconnect' | 'reconnect'): Promise<void> {
    const { sessions } = this.#options;
    const all = Array.from({ length: sessions }, (_none, at) => sessionName(at));
    await Promise.all(all.map((id) => this.#call('POST', `/sessions/${id}/${act}`)));
  }

  /** A round is accepted before the next begins: a chat's messages are told apart by when they were accepted. */
  async #queue(): Promise<void> {
    for (const round of this.#rounds) {
      const waiting = [...round];
      const worker = async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          const body = { sessionId: sessionName(next.session), to: next.contact, text: next.text };
          const { messageId } = await this.#call<{ messageId: string }>('POST', '/messages/text', body);
          this.#accepted.add(messageId);
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, worker));
    }
  }

  /** Kills at moments spread over the drain, each at a share of the messages that the dice choose; tells how many it did. */
  async #kill(): Promise<number> {
    const { messages, kills, seed, note } = this.#options;
    const random = dice(seed);
    let done = 0;
    while (done < kills) {
      await this.#untilShown(Math.floor((messages * (done + random())) / (kills + 1)));
      if (this.#shown >= messages) break;
      await this.#runtime.kill();
      done++;
      note(`kill ${done} with ${this.#shown} shown`);
      this.#runtime = this.#start();
      await this.#runtime.answering(`${this.#base}/health`);
    }
    return done;
  }

  /** Until so many are shown, in however long as long as more of them come. */
  async #untilShown(count: number): Promise<void> {
    let [before, since] = [this.#shown, performance.now()];
    const isStuck = () => {
      if (this.#shown !== before) [before, since] = [this.#shown, performance.now()];
      return performance.now() - since > STUCK_AFTER_MS;
    };
    while (this.#shown < count) {
      if (isStuck()) throw new Error(`only ${this.#shown} of ${count} shown, and no more came`);
      await pause(5);
    }
  }

  /** All are shown, and none is on its way any longer: nothing is sent a second time from here on. */
  async #settle(): Promise<Standing> {
    await this.#untilShown(this.#options.messages).catch((late: Error) => this.#options.note(late.message));
    return await eventually(
      STUCK_AFTER_MS,
      'all counted',
      () => this.#count(),
      ({ pending }) => pending === 0,
    ).catch(() => this.#count());
  }

  async #count(): Promise<Standing> {
    const sum: Standing = { sent: 0, failed: 0, pending: 0, unknown: 0 };
    for (let at = 0; at < this.#options.sessions; at++) {
      const counts = await standing(this.#call, sessionName(at), this.#accepted);
      for (const key of Object.keys(sum) as (keyof Standing)[]) sum[key] += counts[key];
    }
    return sum;
  }

  async #result(kills: number, counts: Standing, seconds: number): Promise<Drain> {
    const { messages, note } = this.#options;
    const shown = onScreens(this.#sandbox, this.#rounds.flat(), phoneOf);
    for (const [what, texts] of Object.entries(shown)) for (const text of texts) note(`${what}: ${text}`);
    const [missing, doubled, outOfOrder] = [shown.missing.length, shown.doubled.length, shown.outOfOrder.length];
    const { sent, failed, pending, unknown } = counts;
    const problems = await this.#problems();
    if (pending + unknown > 0) problems.push(`${pending} are still pending, ${unknown} were never accepted`);
    if (this.#accepted.size !== messages) problems.push(`${this.#accepted.size} ids for ${messages} messages`);
    const isRight = missing + doubled + outOfOrder + failed + problems.length === 0;
    const ok = isRight && sent === messages && kills === this.#options.kills;
    return { messages, kills, missing, doubled, outOfOrder, sent, failed, seconds, problems, ok };
  }

  /** Ends the runtime in good order, and tells what it and the sandbox complain of. */
  async #problems(): Promise<string[]> {
    this.#runtime.signal('SIGTERM');
    const { code, output } = await this.#runtime.ended(STOPPED_WITHIN_MS);
    const said = output.split('\n').filter((line) => /unhandled rejection/.test(line));
    const ended = code === 0 ? [] : [`the runtime ended with ${code}`];
    return [...ended, ...said, ...this.#sandbox.unhandled.map((stanza) => `unhandled: ${stanza}`)];
  }
}
