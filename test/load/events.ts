/**
 * `npm run bench:events [-- --count 10000]`: so many events in one burst, for a receiver that takes 10 s a request and one that is
 * healthy, as one line of JSON: how far the memory of the process that delivers rose above what it was before. It is a
 * process of its own; the receivers, which keep what they get, are not counted. Then how late healthy receivers are told
 * beside others that fail, as ratios with their goals. Reads /proc, so on Linux only.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '../support/deadline.ts';
import { compareLags, HANGING } from '../support/lag-comparison.ts';
import { residentBytes, toMegabytes } from '../support/memory.ts';
import { openWebhookRoom, EVENTS, SESSION } from '../support/webhook-room.ts';

const at = process.argv.indexOf('--count');
const COUNT = at < 0 ? 10_000 : Number(process.argv[at + 1]);
const SLOW_MS = 10_000;
/** Caches of the database, the heap's slack: 10,000 events and their deliveries would take more. */
const MOST_RISE = 64 * 1024 * 1024;
/** So that what rises is what is kept, and not what nobody has cleared away yet. */
const SMALL_HEAP = ['--max-old-space-size=64', '--max-semi-space-size=2'];
const DEADLINE_MS = 280_000;
const SAMPLE_MS = 50;
const TURNS = { turns: 5, events: 200, everyMs: 5 };
/** Whether a subscription's receiver fails or is paused makes no difference to the others; each one more is written once more. */
const GOALS = { toPaused: 1.5, toAlone: 3 };

/** Counts what it gets, and answers so much later. */
async function receiver(late: number) {
  const got = { requests: 0 };
  const server = createServer((request, response) => {
    got.requests += 1;
    request.resume().once('end', () => setTimeout(() => response.end(), late));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    got,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => server.closeAllConnections(),
  };
}

const directory = mkdtempSync(join(tmpdir(), 'events-'));
const [slow, healthy] = [await receiver(SLOW_MS), await receiver(0)];
const setUp = await openWebhookRoom(['sqlite', directory]);
for (const { url } of [slow, healthy]) await setUp.webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS });
await setUp.close();

const script = join(import.meta.dirname, '../support/event-victim.ts');
const asked = ['1', String(COUNT), '0', 'unaccelerated', 'sqlite', directory];
const child = spawn(process.execPath, [...SMALL_HEAP, script, ...asked], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
await lines.next();
const before = await residentBytes(child.pid);
let peak = before;
const sampling = setInterval(
  () => void residentBytes(child.pid).then((now) => (peak = Math.max(peak, now))),
  SAMPLE_MS,
);
const began = performance.now();
for (let line = await lines.next(); Number(line.value) < COUNT; line = await lines.next());
const publishedMs = Math.round(performance.now() - began);
await eventually(
  DEADLINE_MS,
  'all at the healthy one',
  () => healthy.got.requests,
  (count) => count >= COUNT,
);
const healthyMs = Math.round(performance.now() - began);
await eventually(
  DEADLINE_MS,
  'a few at the slow one',
  () => slow.got.requests,
  (count) => count >= 3,
);
clearInterval(sampling);

child.kill('SIGKILL');
await once(child, 'exit');
for (const { close } of [slow, healthy]) close();
rmSync(directory, { recursive: true, force: true });
const rise = peak - before;
const memory = { beforeMb: before, peakMb: peak, riseMb: rise, boundMb: MOST_RISE };
const shown = Object.fromEntries(Object.entries(memory).map(([name, bytes]) => [name, toMegabytes(bytes)]));
const counts = { count: COUNT, healthy: healthy.got.requests, slow: slow.got.requests };
process.stdout.write(`${JSON.stringify({ ...counts, publishedMs, healthyMs, ...shown, ok: rise < MOST_RISE })}\n`);

const rounded = (value: number) => Math.round(value * 100) / 100;
const { alone, besidePaused, besideFailing, hanging } = await compareLags(TURNS);
const ratios = { toPaused: rounded(besideFailing / besidePaused), toAlone: rounded(besideFailing / alone) };
const p95Ms = { alone: rounded(alone), besidePaused: rounded(besidePaused), besideFailing: rounded(besideFailing) };
const unmoved = hanging === HANGING && ratios.toPaused <= GOALS.toPaused && ratios.toAlone <= GOALS.toAlone;
process.stdout.write(`${JSON.stringify({ healthyP95Ms: p95Ms, hanging, ratios, goals: GOALS, ok: unmoved })}\n`);
process.exit(rise < MOST_RISE && unmoved ? 0 : 1);
