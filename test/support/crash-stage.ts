/** A runtime in a process of its own that can be killed at an exact point, with a sandbox and a webhook receiver that stay. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import { caller, linkSession } from './api-call.ts';
import { startReceiver, type Received, type Receiver, type Reply } from './receiver.ts';
import { eventually } from './deadline.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { Child } from './runtime-process.ts';

export const PHONE = '15550100001';
export const SESSION = 'crash';
const KEY = 'crash-test-key';

export interface Stanza {
  tag: string;
  attrs: Record<string, string>;
  content?: unknown;
}

export const hasChild = ({ content }: Stanza, tag: string): boolean =>
  Array.isArray(content) && (content as Stanza[]).some((each) => each.tag === tag);

export class CrashStage {
  readonly sandbox: Sandbox;
  readonly receiver: Receiver;
  readonly #engine: FlowEngine;
  readonly #port: number;
  /** The runtime's API, started again or not. */
  readonly call = caller(() => `http://127.0.0.1:${this.#port}`, KEY);
  readonly directory = mkdtempSync(join(tmpdir(), 'whatsapp-crash-'));
  /** Called with each delivery before it is answered, and what it is answered. */
  readonly hooks: { onDelivery: (event: Received) => void; reply: Reply };
  #runtime: Child | null = null;
  #trusted: Record<string, string> = {};

  private constructor(
    { sandbox, receiver, engine, port }: { sandbox: Sandbox; receiver: Receiver; engine: FlowEngine; port: number },
    hooks: CrashStage['hooks'],
  ) {
    this.#engine = engine;
    this.sandbox = sandbox;
    this.receiver = receiver;
    this.#port = port;
    this.hooks = hooks;
  }

  /** Everything running, one session linked, its messages and acks subscribed to. */
  static async open({ trustMedia = false } = {}): Promise<CrashStage> {
    closeConsole();
    const hooks: CrashStage['hooks'] = { onDelivery: () => undefined, reply: 200 };
    const receiver = await startReceiver((event) => {
      hooks.onDelivery(event);
      return hooks.reply;
    });
    const parts = { sandbox: await startSandbox(), receiver, engine: await startEngine(), port: await freePort() };
    const stage = new CrashStage(parts, hooks);
    if (trustMedia) await stage.#trustMedia();
    await stage.start();
    await linkSession(stage.call, stage.sandbox, SESSION, PHONE);
    await stage.call('POST', '/webhooks', { url: receiver.url, events: ['message', 'message.ack'] });
    return stage;
  }

  /** Has the runtime trust the sandbox's media host, from its next start on. */
  async #trustMedia(): Promise<void> {
    const file = join(this.directory, 'media-ca.pem');
    await writeFile(file, this.sandbox.mediaCa);
    this.#trusted = { NODE_EXTRA_CA_CERTS: file };
  }

  async start(environment: Record<string, string> = {}): Promise<void> {
    this.#runtime = this.process(environment);
    await this.#runtime.answering(`http://127.0.0.1:${this.#port}/health`);
  }

  /** The runtime's process, just begun. */
  process(environment: Record<string, string> = {}): Child {
    return new Child(['serve'], {
      PORT: String(this.#port),
      API_KEY: KEY,
      SESSIONS_DIR: this.directory,
      METRICS_ENABLED: 'false',
      HUMANIZATION_PROFILE: 'fast',
      OUTBOUND_ALLOW: '127.0.0.1',
      WHATSAPP_WS_URL: this.sandbox.url,
      WHATSAPP_ROOT_KEY: this.sandbox.rootKey,
      ...this.#trusted,
      ...this.#engine.environment,
      ...environment,
    });
  }

  /** Asks the runtime to stop, and waits until it says that it is not ready any more. */
  async askedToStop(): Promise<Child> {
    const runtime = this.#runtime;
    if (!runtime) throw new Error('There is no runtime.');
    runtime.signal('SIGTERM');
    const answers = () => this.answers('/ready').catch(() => [0]);
    await eventually(10_000, 'not ready', answers, ([status]) => status !== 200);
    return runtime;
  }

  /** The status of an answer, and the code of its error. */
  async answers(path: string): Promise<[number, string | undefined]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { headers: { connection: 'close' } });
    const { error } = (await response.json()) as { error?: { code: string } };
    return [response.status, error?.code];
  }

  /** Asks for something and goes away before the answer. */
  async abandon(path: string): Promise<void> {
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${KEY}` };
    const asked = fetch(`http://127.0.0.1:${this.#port}${path}`, { headers, signal: gone.signal }).catch(() => null);
    // By then the runtime has the request.
    await this.call('GET', '/sessions');
    gone.abort();
    await asked;
  }

  /** The process of the runtime. */
  get pid(): number | undefined {
    return this.#runtime?.pid;
  }

  /** As on a full disk nothing more is kept, until it `isFull` no longer. */
  async fill(isFull: boolean): Promise<void> {
    await this.#engine.fill(isFull, this.#runtime?.pid);
  }

  /** Uploads a form; rejects with the code of the error when it is refused. */
  async upload(path: string, form: FormData): Promise<{ messageId: string }> {
    const headers = { authorization: `Bearer ${KEY}` };
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, { method: 'POST', headers, body: form });
    const { data, error } = (await response.json()) as { data: { messageId: string }; error?: { code: string } };
    if (error) throw new Error(`POST ${path}: ${error.code}`);
    return data;
  }

  async kill(): Promise<void> {
    await this.#runtime?.kill();
  }

  /** Kills the runtime in the instant a matching stanza passes; resolves when it is dead. */
  killedAtStanza(direction: 'in' | 'out', match: (stanza: Stanza) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (event: { direction: string; node: unknown }) => {
        if (event.direction !== direction || !match(event.node as Stanza)) return;
        this.sandbox.events.off('stanza', look);
        void this.kill().then(resolve);
      };
      this.sandbox.events.on('stanza', look);
    });
  }

  /** Kills the runtime in the instant a matching webhook comes in, before it is answered. */
  killedAtDelivery(match: (event: Received) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.hooks.onDelivery = (event) => {
        if (!match(event)) return;
        this.hooks.onDelivery = () => undefined;
        void this.kill().then(resolve);
      };
    });
  }

  /** A contact who has written before, so that a message to them needs no extra wait. */
  async known(phone: string): Promise<void> {
    const text = `Are you there? ${phone}`;
    await this.sandbox.contact(phone, { name: 'Ann' }).say(this.sandbox.account(PHONE), text);
    await this.receiver.next(({ event, data }) => event === 'message' && data.text === text);
  }

  /** How many ids each fact was told under; one is right. */
  idsPerFact(): Map<string, Set<string>> {
    const facts = new Map<string, Set<string>>();
    for (const { id, event, data } of this.receiver.events) {
      const fact = event === 'message' ? `message ${data.messageId}` : `ack ${data.messageId} ${data.status}`;
      facts.set(fact, (facts.get(fact) ?? new Set()).add(id));
    }
    return facts;
  }

  async close(): Promise<void> {
    await this.#runtime?.stop();
    await this.sandbox.stop();
    await this.receiver.stop();
    await this.#engine.stop();
    rmSync(this.directory, { recursive: true, force: true });
    assert.deepEqual(this.sandbox.unhandled, [], 'stanzas nobody handled');
  }
}
