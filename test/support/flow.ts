/**
 * A whole runtime in this process against a sandbox in this process, on a directory of its own, with everything it logs
 * at warn or above collected: a test names what it expects there, anything else fails it.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startSandbox, type Contact, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { startApp, type App } from '../../runtime/src/app.ts';
import { loadConfig } from '../../runtime/src/config.ts';
import { createLog } from '../../runtime/src/log.ts';
import type { Store } from '../../runtime/src/store/store.ts';
import { openEngine } from './engine-place.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { startReceiver, type Receiver } from './receiver.ts';

export const API_KEY = 'test-key-0123456789';
export const PHONE = '15550100001';
const WARN = 40;
/** What the runtime says of the machine it runs on, which here runs other tests as well. */
const OF_THE_MACHINE = /the event loop stood still/;

interface Answer {
  status: number;
  headers: Headers;
  // Tests look into answers of every shape; a wrong guess fails the test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** Settings of the runtime, and dice that fall as a test wants them. */
export interface FlowOptions {
  /** Ended with the flow. */
  engine?: FlowEngine;
  environment?: Record<string, string>;
  random?: () => number;
  now?: () => number;
}

export class Flow {
  readonly sandbox: Sandbox;
  readonly directory: string;
  readonly problems: string[] = [];
  readonly environment: Record<string, string>;
  /** Of its settings those that say where it keeps what it has. */
  readonly storage: Record<string, string>;
  /** Every line logged, whatever its level: for what must never be in it. */
  readonly logged: string[] = [];
  readonly #engine: FlowEngine | undefined;
  readonly #random: (() => number) | undefined;
  /** The runtime's clock, to be set before it is started. */
  now: (() => number) | undefined;
  app: App | null = null;

  constructor(sandbox: Sandbox, directory: string, { environment = {}, random, now, engine }: FlowOptions) {
    this.#engine = engine;
    this.sandbox = sandbox;
    this.directory = directory;
    this.#random = random;
    this.now = now;
    this.storage = { SESSIONS_DIR: directory, ...engine?.environment };
    this.environment = {
      PORT: '0',
      API_KEY,
      SESSIONS_DIR: directory,
      METRICS_ENABLED: 'false',
      HUMANIZATION_PROFILE: 'instant',
      OUTBOUND_ALLOW: '127.0.0.1',
      WHATSAPP_WS_URL: sandbox.url,
      WHATSAPP_ROOT_KEY: sandbox.rootKey,
      ...environment,
    };
  }

  async startRuntime(): Promise<App> {
    const write = (line: string) => {
      const entry = JSON.parse(line) as { level: number };
      this.logged.push(line);
      if (entry.level >= WARN && !OF_THE_MACHINE.test(line)) this.problems.push(line.trim());
    };
    this.app = await startApp({
      config: loadConfig(this.environment),
      log: createLog('debug', { write }),
      version: 'test',
      ...(this.#random && { random: this.#random }),
      ...(this.now && { now: this.now }),
    });
    return this.app;
  }

  async stopRuntime(): Promise<void> {
    const { app } = this;
    this.app = null;
    await app?.stop();
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.app?.url), {
      method,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Makes a session and links it by scanning its QR code with the account's phone. */
  async link(sessionId: string, phone = PHONE, more: object = {}): Promise<void> {
    await this.call('POST', '/sessions', { sessionId, ...more });
    await this.scan(sessionId, phone);
  }

  /** Scans the QR code a session shows. */
  async scan(sessionId: string, phone = PHONE): Promise<void> {
    await this.call('GET', `/sessions/${sessionId}/wait?status=qr&timeout=60`);
    const { body } = await this.call('GET', `/sessions/${sessionId}/qr`);
    await this.sandbox.account(phone).scan(body.data.qr);
    const linked = await this.call('GET', `/sessions/${sessionId}/wait?status=connected&timeout=60`);
    expect(linked.body.data).toMatchObject({ status: 'connected', reached: true });
  }

  /** Waits until the session has one of the statuses; returns the session. */
  async reaches(sessionId: string, status: string, seconds = 60) {
    const { body } = await this.call('GET', `/sessions/${sessionId}/wait?status=${status}&timeout=${seconds}`);
    expect(body.data).toMatchObject({ sessionId, reached: true });
    return body.data;
  }

  /** A second runtime, not started, with all that this one has, which is stopped. */
  async copy(): Promise<Flow> {
    const directory = mkdtempSync(join(tmpdir(), 'whatsapp-second-'));
    cpSync(this.directory, directory, { recursive: true });
    return new Flow(this.sandbox, directory, { environment: (await this.#engine?.copy()) ?? {} });
  }

  /** What the runtime, which is stopped, has kept. */
  async kept(): Promise<Store> {
    if (!this.#engine) throw new Error('This flow has no engine of its own.');
    return await openEngine(this.#engine.place(this.directory));
  }

  /** A second runtime, not started, that has nothing. */
  second(): Flow {
    const directory = mkdtempSync(join(tmpdir(), 'whatsapp-second-'));
    return new Flow(this.sandbox, directory, { environment: this.#engine?.second ?? {} });
  }

  /** All that the runtime has on the disk, a character for a byte. */
  files(): string {
    if (!this.#engine) throw new Error('This flow has no engine of its own.');
    return this.#engine.files(this.directory);
  }

  /** Ends everything, without a word about what happened. */
  async close(): Promise<void> {
    await this.stopRuntime();
    await this.sandbox.stop();
    await this.#engine?.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Ends everything; fails on any stanza the sandbox did not know and any warning not named here. */
  async end(expected: RegExp[] = []): Promise<void> {
    await this.close();
    expect(this.sandbox.unhandled).toEqual([]);
    expect(this.problems.filter((line) => !expected.some((pattern) => pattern.test(line)))).toEqual([]);
  }
}

export async function startFlow(environment: Record<string, string> = {}, random?: () => number): Promise<Flow> {
  const engine = await startEngine();
  const options = { engine, environment: { ...engine.environment, ...environment }, ...(random && { random }) };
  const flow = new Flow(await startSandbox(), mkdtempSync(join(tmpdir(), 'whatsapp-flow-')), options);
  await flow.startRuntime();
  return flow;
}

/** A flow with one session, `sales`, linked, and the receiver that hears of all its events. One that fails leaves nothing. */
export async function startLinkedFlow(
  environment: Record<string, string> = {},
): Promise<{ flow: Flow; receiver: Receiver }> {
  const receiver = await startReceiver();
  const flow = await startFlow(environment);
  try {
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
  } catch (error) {
    await flow.close();
    await receiver.stop();
    throw error;
  }
  return { flow, receiver };
}

/** Somebody who has written to the account before, and was heard: nothing waits for a new contact. */
export async function friendOf({ sandbox }: Flow, receiver: Receiver, phone: string): Promise<Contact> {
  const contact = sandbox.contact(phone);
  const { messageId } = await contact.say(sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
  return contact;
}

/** Runs a test on a flow of its own; a test that fails ends it as well, and keeps its own error. */
export async function onFlow(
  run: (flow: Flow, receiver: Receiver) => Promise<void>,
  { expected = [], environment, random }: FlowOptions & { expected?: RegExp[] } = {},
): Promise<void> {
  const receiver = await startReceiver();
  try {
    const flow = await startFlow(environment, random);
    try {
      await run(flow, receiver);
    } catch (error) {
      await flow.close();
      throw error;
    }
    await flow.end(expected);
  } finally {
    await receiver.stop();
  }
}
