/**
 * `npm run bench:sandbox [-- --quick]`: what one sandbox process needs for 1,000 open sessions (quick: 100) and 10,000
 * contacts, as a Markdown table. The sandbox runs by its command and the clients, unmodified, in another process. Each session
 * is really linked by its QR code; the ample stock of one-time keys spares the clients the making of 812 keys each.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../support/deadline.ts';
import type { Answer, Order } from './sandbox-clients.ts';

const QUICK = process.argv.includes('--quick');
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

interface Measure {
  readonly rssBytes: number;
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

async function bench(sandbox: ChildProcess, clients: ChildProcess): Promise<void> {
  const address = await within(READY_MS, 'the sandbox', addressOf(sandbox));
  const { controlUrl } = address;
  const measure = () => control<Measure>(controlUrl, '/process');
  const empty = await measure();
  const contacts = numbers(FIRST_CONTACT, CONTACTS);
  for (let at = 0; at < contacts.length; at += 100) {
    await Promise.all(contacts.slice(at, at + 100).map((phone) => control(controlUrl, '/contacts', { phone })));
  }
  const peopled = await measure();
  const opened = await tell(
    clients,
    { what: 'open', sandbox: address, phones: numbers(FIRST_ACCOUNT, SESSIONS) },
    OPEN_MS,
  );
  if (!('open' in opened) || opened.open !== SESSIONS) throw new Error(`not all open: ${JSON.stringify(opened)}`);
  const linked = await measure();
  await pause(IDLE_SECONDS * 1000);
  const idle = await measure();
  const written = await tell(clients, { what: 'write', messages: MESSAGES, to: contacts }, WRITE_MS);
  const through = 'seconds' in written ? MESSAGES / written.seconds : 0;
  const worked = await measure();
  const { accounts } = await control<{ accounts: { online: boolean }[] }>(controlUrl, '/state');
  const online = accounts.filter((account) => account.online).length;
  const { unhandled } = await control<{ unhandled: string[] }>(controlUrl, '/unhandled');
  if (online !== SESSIONS) throw new Error(`only ${online} sessions stayed open`);
  if (unhandled.length > 0) throw new Error(`stanzas nobody handled: ${unhandled.join('\n')}`);
  const mb = ({ rssBytes }: Measure) => (rssBytes / 2 ** 20).toFixed(0);
  const perSession = (linked.rssBytes - peopled.rssBytes) / SESSIONS / 1024;
  const idleCpu = ((idle.cpuMs - linked.cpuMs) * 60) / IDLE_SECONDS / SESSIONS;
  print(
    '| sessions | contacts | RSS MB empty | with contacts | all open | after traffic | KB per session | KB per contact |' +
      ' CPU ms per idle session-minute | CPU ms to link | CPU ms per message | messages/s through |',
  );
  print(`|${' ---: |'.repeat(12)}`);
  print(
    `| ${[
      ...[SESSIONS, CONTACTS, mb(empty), mb(peopled), mb(linked), mb(worked), perSession.toFixed(0)],
      ((peopled.rssBytes - empty.rssBytes) / CONTACTS / 1024).toFixed(1),
      idleCpu.toFixed(1),
      ((linked.cpuMs - peopled.cpuMs) / SESSIONS).toFixed(0),
      ((worked.cpuMs - idle.cpuMs) / MESSAGES).toFixed(1),
      through.toFixed(0),
    ].join(' | ')} |`,
  );
}

const sandbox = spawn(process.execPath, [MAIN.pathname, 'sandbox', '--ample-pre-keys'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const clients = fork(CLIENTS, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
try {
  await bench(sandbox, clients);
} finally {
  clients.kill();
  sandbox.kill();
}
