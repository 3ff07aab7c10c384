/**
 * `npm run bench:sandbox [-- --quick] [--json]`: what one sandbox process needs for 1,000 open sessions (quick: 100) and
 * 10,000 contacts, as Markdown tables, or with `--json` one line for each stage and for each unit. The sandbox runs by its
 * command and the clients, unmodified, in another process. Each session is really linked by its QR code; the ample stock of
 * one-time keys spares the clients the making of 812 keys each. Memory is read after garbage collection, whose processor time
 * is nobody's.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../support/deadline.ts';
import type { Answer, Order } from './sandbox-clients.ts';

const QUICK = process.argv.includes('--quick');
const JSON_LINES = process.argv.includes('--json');
const SESSIONS = QUICK ? 100 : 1_000;
const CONTACTS = 10_000;
const MESSAGES = QUICK ? 500 : 2_000;
const IDLE_SECONDS = QUICK ? 20 : 60;
const READY_MS = 30_000;
const OPEN_MS = QUICK ? 120_000 : 900_000;
const WRITE_MS = 300_000;
const FIRST_ACCOUNT = 15_550_200_000;
const FIRST_CONTACT = 15_550_300_000;
const MAIN = new URL('../../runtime/src/main.ts', import.meta.url);
const CLIENTS = new URL('./sandbox-clients.ts', import.meta.url);

const numbers = (first: number, count: number) => Array.from({ length: count }, (_none, at) => String(first + at));
const print = (line: string) => void process.stdout.write(`${line}\n`);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the sandbox says of its process. */
interface ProcessUse {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly cpuMs: number;
}

/** The sandbox when a stage of the bench is over. */
interface Stage {
  readonly stage: string;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Processor time of the stage. */
  readonly cpuMs: number;
}

async function control<Body>(base: string, path: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(base + path, body ? { method: 'POST', headers, body: JSON.stringify(body) } : {});
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as Body;
}

/** Where the sandbox says it is. */
async function addressOf({ stdout }: ChildProcess) {
  if (!stdout) throw new Error('the sandbox has no output');
  const found: Record<string, string> = {};
  for await (const [line] of on(createInterface(stdout), 'line') as AsyncIterable<[string]>) {
    const [, name, value] = /^(Steered at|WHATSAPP_WS_URL|WHATSAPP_ROOT_KEY)[ =](\S+)$/.exec(line) ?? [];
    if (name && value) found[name] = value;
    const { 'Steered at': controlUrl, WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: rootKey } = found;
    if (controlUrl && url && rootKey) return { controlUrl, url, rootKey };
  }
  throw new Error('the sandbox ended at once');
}

async function tell(clients: ChildProcess, order: Order, deadlineMs: number): Promise<Answer> {
  clients.send(order);
  const [answer] = (await within(deadlineMs, order.what, once(clients, 'message'))) as [Answer];
  if ('failed' in answer) throw new Error(answer.failed);
  return answer;
}

/** Closes one stage after another; the next begins when the garbage of the last has been collected. */
function stages(controlUrl: string): (stage: string) => Promise<Stage> {
  let began = 0;
  return async (stage) => {
    const busy = await control<ProcessUse>(controlUrl, '/process');
    const clean = await control<ProcessUse>(controlUrl, '/process/collect', {});
    const cpuMs = busy.cpuMs - began;
    began = clean.cpuMs;
    return { stage, rssBytes: clean.rssBytes, heapBytes: clean.heapBytes, cpuMs };
  };
}

/** A stage's share for each of so many, over the stage before it; without memory where it adds none. */
interface Share {
  readonly each: string;
  readonly rssKb: number | null;
  readonly heapKb: number | null;
  readonly cpuMs: number;
}

const shareOf = (each: string, count: number, after: Stage, before: Stage | null): Share => ({
  each,
  rssKb: before && (after.rssBytes - before.rssBytes) / count / 1024,
  heapKb: before && (after.heapBytes - before.heapBytes) / count / 1024,
  cpuMs: after.cpuMs / count,
});

async function addContacts(controlUrl: string, contacts: readonly string[]): Promise<void> {
  for (let at = 0; at < contacts.length; at += 100) {
    await Promise.all(contacts.slice(at, at + 100).map((phone) => control(controlUrl, '/contacts', { phone })));
  }
}

/** Throws when a session was lost on the way, or a stanza not understood. */
async function allIsWell(controlUrl: string): Promise<void> {
  const { accounts } = await control<{ accounts: { online: boolean }[] }>(controlUrl, '/state');
  const online = accounts.filter((account) => account.online).length;
  const { unhandled } = await control<{ unhandled: string[] }>(controlUrl, '/unhandled');
  if (online !== SESSIONS) throw new Error(`only ${online} sessions stayed open`);
  if (unhandled.length > 0) throw new Error(`stanzas nobody handled: ${unhandled.join('\n')}`);
}

async function bench(sandbox: ChildProcess, clients: ChildProcess): Promise<void> {
  const address = await within(READY_MS, 'the sandbox', addressOf(sandbox));
  const { controlUrl } = address;
  const end = stages(controlUrl);
  const empty = await end('empty');
  const contacts = numbers(FIRST_CONTACT, CONTACTS);
  await addContacts(controlUrl, contacts);
  const peopled = await end(`${CONTACTS} contacts made`);
  const phones = numbers(FIRST_ACCOUNT, SESSIONS);
  const opened = await tell(clients, { what: 'open', sandbox: address, phones }, OPEN_MS);
  if (!('open' in opened) || opened.open !== SESSIONS) throw new Error(`not all open: ${JSON.stringify(opened)}`);
  const linked = await end(`${SESSIONS} sessions linked and open`);
  await pause(IDLE_SECONDS * 1000);
  const idle = await end(`idle for ${IDLE_SECONDS} s`);
  const written = await tell(clients, { what: 'write', messages: MESSAGES, to: contacts }, WRITE_MS);
  const seconds = 'seconds' in written ? written.seconds : Infinity;
  const worked = await end(`${MESSAGES} messages through, ${(MESSAGES / seconds).toFixed(0)} a second`);
  await allIsWell(controlUrl);
  report(
    [empty, peopled, linked, idle, worked],
    [
      shareOf('contact', CONTACTS, peopled, empty),
      shareOf('session, to link and open', SESSIONS, linked, peopled),
      shareOf('session, idle for a minute', (SESSIONS * IDLE_SECONDS) / 60, idle, null),
      shareOf('message, to a contact not written to before', MESSAGES, worked, idle),
    ],
  );
}

function report(all: readonly Stage[], shares: readonly Share[]): void {
  if (JSON_LINES) {
    for (const line of [...all, ...shares]) print(JSON.stringify(line));
    return;
  }
  const row = (...cells: (string | number)[]) => print(`| ${cells.join(' | ')} |`);
  const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const kb = (value: number | null) => value?.toFixed(1) ?? '';
  row('after', 'RSS MB', 'heap MB', 'CPU s');
  row('---', '---:', '---:', '---:');
  for (const { stage, rssBytes, heapBytes, cpuMs } of all) {
    row(stage, mb(rssBytes), mb(heapBytes), (cpuMs / 1000).toFixed(1));
  }
  print('');
  row('for each', 'RSS KB', 'heap KB', 'CPU ms');
  row('---', '---:', '---:', '---:');
  for (const { each, rssKb, heapKb, cpuMs } of shares) row(each, kb(rssKb), kb(heapKb), cpuMs.toFixed(2));
  print('\nRSS holds on to memory that was freed and is used again later; heap, buffers included, is what is in use.');
}

const sandbox = spawn(process.execPath, ['--expose-gc', MAIN.pathname, 'sandbox', '--ample-pre-keys'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const clients = fork(CLIENTS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
try {
  await bench(sandbox, clients);
} finally {
  clients.kill();
  sandbox.kill();
}
