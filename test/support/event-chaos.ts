/**
 * Receivers that refuse, hang, reset, answer 500, 429 and 410, beside healthy ones, while the process that publishes and
 * delivers is killed again and again. Time runs a thousand times faster for retries: an hour is 3.6 s.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually } from './deadline.ts';
import { startEngine } from './flow-engine.ts';
import { startReceiver, type Received, type Receiver, type Reply } from './receiver.ts';
import { ACCELERATED, EVENTS, SESSION, openWebhookRoom } from './webhook-room.ts';

const VICTIM = join(import.meta.dirname, 'event-victim.ts');
const HOUR_MS = 3_600;
const EVERY_MS = 10;
const DEADLINE_MS = 120_000;

export interface ChaosOptions {
  events: number;
  kills: number;
}

/** What one receiver got. */
export interface Heard {
  name: string;
  secret: string;
  events: Received[];
}

type Behaviour = (event: Received, count: number) => Reply;

/** How each misbehaves, by the number of its requests so far. */
const MISBEHAVING: Record<string, Behaviour> = {
  hangs: (_event, count) => (count <= 3 ? 'never' : 200),
  resets: (_event, count) => (count % 5 === 0 ? 'reset' : 200),
  'answers 500': (_event, count) => (count % 3 === 0 ? 500 : 200),
  'answers 429': (_event, count) => (count <= 2 ? { status: 429, headers: { 'retry-after': '1' } } : 200),
  'answers 410': (_event, count) => (count === 3 ? 410 : 200),
};
const HEALTHY: Record<string, Behaviour> = { 'healthy one': () => 200, 'healthy two': () => 200 };

/** Publishes so many events, kills so often, and waits until every receiver has every event; rejects when one does not. */
export async function eventChaos({ events, kills }: ChaosOptions): Promise<Heard[]> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const engine = await startEngine();
  const place = engine.place(directory);
  const heard: Heard[] = [];
  const receivers: Receiver[] = [];
  const listen = async (name: string, behave: Behaviour, port?: number) => {
    const one: Heard = { name, secret: '', events: [] };
    const receiver = await startReceiver((event) => {
      one.events.push(event);
      return behave(event, one.events.length);
    }, port);
    receivers.push(receiver);
    heard.push(one);
    return { one, url: receiver.url };
  };
  try {
    const setUp = await openWebhookRoom(place);
    const subscribe = (url: string) => setUp.webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS });
    for (const [name, behave] of Object.entries({ ...HEALTHY, ...MISBEHAVING })) {
      const { one, url } = await listen(name, behave);
      one.secret = (await subscribe(url)).secret;
    }
    const port = await freePort();
    const { secret } = await subscribe(`http://127.0.0.1:${port}/hook`);
    await setUp.close();
    const returns = setTimeout(() => void comeBack(), HOUR_MS);
    const comeBack = async () => void ((await listen('refuses for an hour', () => 200, port)).one.secret = secret);
    try {
      await publishAndKill(place, events, kills);
      await settle(place, heard, events);
    } finally {
      clearTimeout(returns);
    }
  } finally {
    for (const receiver of receivers) await receiver.stop();
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return heard;
}

/** Kills after each further part of the events, and begins again behind the last that was durable. */
async function publishAndKill(place: string[], events: number, kills: number): Promise<void> {
  let durable = 0;
  for (let part = 1; part <= kills + 1; part += 1) {
    const until = part > kills ? events : Math.floor((part * events) / (kills + 1));
    const asked = [...[durable + 1, events, EVERY_MS].map(String), 'accelerated', ...place];
    const victim = spawn(process.execPath, [VICTIM, ...asked], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(victim, 'exit');
    for await (const line of createInterface(victim.stdout)) {
      durable = Math.max(durable, Number(line));
      if (durable >= until) break;
    }
    victim.kill('SIGKILL');
    await ended;
  }
}

/** Delivers what is left; makes the one that said it was gone active again, and has it told what it missed. */
async function settle(place: string[], heard: Heard[], events: number): Promise<void> {
  const room = await openWebhookRoom(place, { retry: ACCELERATED });
  try {
    room.start();
    const gone = (await room.webhooks.list()).filter(({ status }) => status === 'disabled');
    for (const { webhookId } of gone) {
      await room.webhooks.change(webhookId, { paused: false });
      await room.webhooks.redriveAll(webhookId);
      await room.webhooks.replay(webhookId, { from: 0 });
    }
    const missing = () =>
      heard
        .map(({ name, events: got }) => `${name}: ${events - new Set(got.map(({ id }) => id)).size}`)
        .filter((text) => !text.endsWith(' 0'));
    const all = Object.keys({ ...HEALTHY, ...MISBEHAVING, refuses: 0 }).length;
    await eventually(
      DEADLINE_MS,
      'every event at every receiver',
      missing,
      (left) => left.length === 0 && heard.length === all,
    );
  } finally {
    await room.close();
  }
}
