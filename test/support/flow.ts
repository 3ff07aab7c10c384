/**
 * A whole runtime in this process against a sandbox in this process, on a directory of its own, with everything it logs
 * at warn or above collected: a test names what it expects there, anything else fails it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { startApp, type App } from '../../runtime/src/app.ts';
import { loadConfig } from '../../runtime/src/config.ts';
import { createLog } from '../../runtime/src/log.ts';

export const API_KEY = 'test-key-0123456789';
export const PHONE = '15550100001';
const WARN = 40;

interface Answer {
  status: number;
  headers: Headers;
  // Tests look into answers of every shape; a wrong guess fails the test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export class Flow {
  readonly sandbox: Sandbox;
  readonly directory: string;
  readonly problems: string[] = [];
  readonly environment: Record<string, string>;
  app: App | null = null;

  constructor(sandbox: Sandbox, directory: string, environment: Record<string, string>) {
    this.sandbox = sandbox;
    this.directory = directory;
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
      if (entry.level >= WARN) this.problems.push(line.trim());
    };
    this.app = await startApp({
      config: loadConfig(this.environment),
      log: createLog('debug', { write }),
      version: 'test',
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
  async link(sessionId: string, phone = PHONE): Promise<void> {
    await this.call('POST', '/sessions', { sessionId });
    await this.call('GET', `/sessions/${sessionId}/wait?status=qr&timeout=10`);
    const { body } = await this.call('GET', `/sessions/${sessionId}/qr`);
    await this.sandbox.account(phone).scan(body.data.qr);
    const linked = await this.call('GET', `/sessions/${sessionId}/wait?status=connected&timeout=10`);
    expect(linked.body.data).toMatchObject({ status: 'connected', reached: true });
  }

  /** Ends everything; fails on any stanza the sandbox did not know and any warning not named here. */
  async end(expected: RegExp[] = []): Promise<void> {
    await this.stopRuntime();
    await this.sandbox.stop();
    rmSync(this.directory, { recursive: true, force: true });
    expect(this.sandbox.unhandled).toEqual([]);
    expect(this.problems.filter((line) => !expected.some((pattern) => pattern.test(line)))).toEqual([]);
  }
}

export async function startFlow(environment: Record<string, string> = {}): Promise<Flow> {
  const flow = new Flow(await startSandbox(), mkdtempSync(join(tmpdir(), 'whatsapp-flow-')), environment);
  await flow.startRuntime();
  return flow;
}
