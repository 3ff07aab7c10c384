/** The runtime and the sandbox as a user starts them: two child processes that know each other by address only. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually, within } from './deadline.ts';

// Both jest projects import this, one of them as CommonJS, which has no import.meta; jest runs from the repository.
const REPOSITORY = process.cwd();
const START_MS = 60_000;
const STOP_MS = 15_000;

export interface ScreenMessage {
  messageId: string;
  text: string;
  arrivals: number;
}

/** A row with what can have been done to it; more of it is there, as the sandbox's `screen-view.ts` has it. */
export interface ShownMessage extends ScreenMessage {
  edited: boolean;
  deleted: boolean;
  reactions: { emoji: string }[];
  poll?: { question: string } | null;
  /** Of what the contact wrote itself: what came back. */
  receipts?: { kind: string }[];
}

export interface RuntimeProcess {
  url: string;
  apiKey: string;
  /** Calls the runtime's API as any client would; rejects when it refuses. */
  api<Data>(method: string, path: string, body?: unknown): Promise<Data>;
  sandbox: SandboxControl;
  /** Somebody writes to the account; resolves when the runtime has told of it, so that it can be answered. */
  heard(contact: string, account: string, text: string): Promise<{ messageId: string }>;
  /** A session of this account, linked by its QR code and connected. */
  linkedSession(sessionId: string, phone: string): Promise<void>;
  /** Ends the runtime alone, in good order; `up` starts it again where it was. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** The sandbox's control server. */
export class SandboxControl {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }
  scan = (phone: string, qr: string) => this.call('POST', `/accounts/${phone}/scan`, { qr });
  enterCode = (phone: string, code: string) => this.call('POST', `/accounts/${phone}/code`, { code });
  contact = (phone: string, options: { name?: string; readsAtOnce?: boolean } = {}) =>
    this.call('POST', '/contacts', { phone, ...options });
  say = (contact: string, to: string, text: string) =>
    this.call<{ messageId: string }>('POST', `/contacts/${contact}/say`, { to, text });
  /** Writes anything else, as `GET /routes` of the sandbox describes it. */
  send = (contact: string, to: string, content: object) =>
    this.call<{ messageId: string }>('POST', `/contacts/${contact}/send`, { to, content });
  /** Resolves when a message with this text is on the contact's screen, decrypted. */
  async received(contact: string, text: string, seconds = 20): Promise<ScreenMessage> {
    return await this.call('GET', `/contacts/${contact}/wait?text=${encodeURIComponent(text)}&timeout=${seconds}`);
  }
  screen = (contact: string) => this.call<{ screen: ShownMessage[] }>('GET', `/contacts/${contact}/screen`);
  /** Resolves with a row of the contact's screen once it is there and fits; `own` is for what it wrote itself. */
  async shown(
    contact: string,
    messageId: string,
    fits: (row: ShownMessage) => boolean = () => true,
    own = false,
  ): Promise<ShownMessage> {
    const path = `/contacts/${contact}/screen?own=${own}`;
    const rows = () => this.call<{ screen: ShownMessage[] }>('GET', path);
    const find = async () => (await rows()).screen.find((row) => row.messageId === messageId);
    const row = await eventually(
      20_000,
      `message ${messageId} shown`,
      find,
      (found) => found !== undefined && fits(found),
    );
    if (!row) throw new Error(`message ${messageId} is gone`);
    return row;
  }
  /** The bytes of a file on the contact's screen. */
  async file(contact: string, messageId: string): Promise<Buffer> {
    const response = await fetch(`${this.#url}/contacts/${contact}/files/${messageId}`);
    if (!response.ok) throw new Error(`file of ${messageId}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Anything else of `GET /routes`. */
  async call<Data>(method: string, path: string, body?: unknown): Promise<Data> {
    const answer = await json<Data & { error?: string }>(this.#url + path, method, body);
    if (!answer.ok) throw new Error(`sandbox ${method} ${path}: ${answer.status} ${answer.body.error}`);
    return answer.body;
  }
}

/** Starts both; `env` is added to the runtime's settings. */
export async function startRuntime(env: Record<string, string> = {}): Promise<RuntimeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'runtime-process-'));
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.reverse()) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const controlPort = await freePort();
    const mediaCa = join(folder, 'media-ca.pem');
    const places = ['--control-port', String(controlPort), '--media-ca', mediaCa];
    const sandbox = new Child(['sandbox', '--empty', ...places], {});
    children.push(sandbox);
    const whatsapp = {
      WHATSAPP_WS_URL: await sandbox.printed('WHATSAPP_WS_URL'),
      WHATSAPP_ROOT_KEY: await sandbox.printed('WHATSAPP_ROOT_KEY'),
      NODE_EXTRA_CA_CERTS: await sandbox.printed('NODE_EXTRA_CA_CERTS'),
    };
    const port = await freePort();
    const apiKey = 'key-of-this-test-only';
    const settings = { PORT: String(port), HOST: '127.0.0.1', API_KEY: apiKey, SESSIONS_DIR: join(folder, 'sessions') };
    const open = { OUTBOUND_ALLOW: '127.0.0.1', HUMANIZATION_PROFILE: 'instant', METRICS_ENABLED: 'false' };
    const url = `http://127.0.0.1:${port}`;
    const up = async () => {
      const runtime = new Child(['serve'], { ...settings, ...open, ...whatsapp, ...env });
      children.push(runtime);
      await runtime.answering(`${url}/health`);
    };
    const down = async () => children.at(-1)?.stop();
    await up();
    const control = new SandboxControl(`http://127.0.0.1:${controlPort}`);
    return { ...connected(url, apiKey, control), down, up, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function connected(url: string, apiKey: string, sandbox: SandboxControl) {
  const api = async <Data>(method: string, path: string, body?: unknown): Promise<Data> => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await json<{ data: Data; error?: { code: string } }>(url + path, method, body, headers);
    if (!answer.ok) throw new Error(`runtime ${method} ${path}: ${answer.status} ${answer.body.error?.code}`);
    return answer.body.data;
  };
  const linkedSession = async (sessionId: string, phone: string) => {
    await api('POST', '/sessions', { sessionId });
    await api('GET', `/sessions/${sessionId}/wait?status=qr&timeout=30`);
    const { qr } = await api<{ qr: string }>('GET', `/sessions/${sessionId}/qr`);
    await sandbox.scan(phone, qr);
    const now = await api<{ reached: boolean }>('GET', `/sessions/${sessionId}/wait?status=connected&timeout=30`);
    if (!now.reached) throw new Error(`${sessionId} did not connect: ${JSON.stringify(now)}`);
  };
  const heard = async (contact: string, account: string, text: string) => {
    const enough = new AbortController();
    const following = { headers: { authorization: `Bearer ${apiKey}` }, signal: enough.signal };
    const { body } = await fetch(`${url}/events?events=message`, following);
    const said = await sandbox.say(contact, account, text);
    try {
      await within(START_MS, `word of "${text}"`, contains(body, said.messageId));
    } finally {
      enough.abort();
    }
    return said;
  };
  return { url, apiKey, api, sandbox, heard, linkedSession };
}

/** Resolves when a stream has brought this text; rejects when it ends without. */
async function contains(body: ReadableStream<Uint8Array> | null, wanted: string): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true });
    if (text.includes(wanted)) return;
  }
  throw new Error(`the stream ended without ${wanted}`);
}

/** The runtime's program with one command, as a child process. */
export class Child {
  readonly #process: ChildProcess;
  #output = '';

  constructor(args: string[], env: Record<string, string>) {
    const main = join(REPOSITORY, 'runtime', 'src', 'main.ts');
    this.#process = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    if (this.#process.stdout) createInterface(this.#process.stdout).on('line', (line) => (this.#output += `${line}\n`));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The value of a line KEY=value it prints. */
  printed(key: string): Promise<string> {
    return this.said(new RegExp(`^${key}=(.+)$`, 'm'));
  }

  /** What the pattern's group stands for in what it prints. */
  async said(pattern: RegExp): Promise<string> {
    const value = await this.#until(`${String(pattern)} printed`, () => pattern.exec(this.#output)?.[1]);
    return value.trim();
  }

  /** Resolves once it answers there with 200. */
  async answering(url: string): Promise<void> {
    await this.#until(`${url} answering`, async () => {
      const response = await fetch(url).catch(() => null);
      return response?.ok ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    if (this.#ended()) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await within(STOP_MS, `the child's end; it said:\n${this.#output.slice(-2_000)}`, ended).catch((late: unknown) => {
      this.#process.kill('SIGKILL');
      throw late;
    });
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name);
  }

  /** Resolves with its exit code and all it has said when it has ended by itself. */
  async ended(deadlineMs = START_MS): Promise<{ code: number | null; output: string }> {
    if (!this.#ended()) await within(deadlineMs, "the child's end", once(this.#process, 'exit'));
    return { code: this.#process.exitCode, output: this.#output };
  }

  /** Ends it on the spot, as a crash does. */
  async kill(): Promise<void> {
    if (this.#ended()) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #until<Value>(what: string, read: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
    const look = async () => ({ value: await read(), ended: this.#ended() });
    const { value } = await eventually(START_MS, what, look, (seen) => seen.value !== undefined || seen.ended);
    if (value === undefined) throw new Error(`the child ended before ${what}:\n${this.#output.slice(-2_000)}`);
    return value;
  }

  #ended = (): boolean => this.#process.exitCode !== null || this.#process.signalCode !== null;
}

async function json<Body>(url: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { ok: response.ok, status: response.status, body: (await response.json()) as Body };
}
