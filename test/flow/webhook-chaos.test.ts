/** Nothing is lost on its way to any receiver, whatever receivers and crashes do, and what works is not delayed by what does not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { eventChaos, type Heard } from '../support/event-chaos.ts';
import { compareLags, HANGING } from '../support/lag-comparison.ts';

const EVENTS = 400;
const KILLS = 10;
let heard: Heard[];

beforeAll(async () => {
  heard = await eventChaos({ events: EVENTS, kills: KILLS });
}, 300_000);

test('every receiver got every event at least once, and what came twice came under the same id', () => {
  expect(heard).toHaveLength(8);
  for (const { events } of heard) {
    const facts = new Map(events.map(({ id, data }) => [id, data.messageId]));
    expect(facts.size).toBe(EVENTS);
    expect(new Set(facts.values()).size).toBe(EVENTS);
  }
  expect(heard.some(({ events }) => events.length > EVENTS)).toBe(true);
});

test('a healthy receiver got them in order', () => {
  for (const { events } of heard.filter(({ name }) => name.startsWith('healthy'))) {
    const numbers = events.map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  }
});

test('standardwebhooks accepts every delivery, and openssl the plain signature of each', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signed-'));
  try {
    for (const { secret, events } of heard) {
      const files = events.map(({ body }, at) => {
        writeFileSync(join(directory, String(at)), body);
        return String(at);
      });
      for (const { body, headers } of events) new Webhook(secret).verify(body, headers as never);
      const args = ['dgst', '-sha256', '-hmac', secret, '-r', ...files];
      const { stdout } = spawnSync('openssl', args, { cwd: directory, encoding: 'utf8' });
      const signed = events.map(({ headers }) => String(headers['x-webhook-signature']));
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => `sha256=${line.split(' ')[0]}`),
      ).toEqual(signed);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('what goes to the healthy waits for nobody else', async () => {
  // A request that hangs does so until all have come to the healthy ones, so what waited for it would never come.
  const { alone, besideFailing, hanging } = await compareLags({ turns: 1, events: 100, everyMs: 5 });
  expect(hanging).toBe(HANGING);
  // Far from the seconds a receiver may take; `npm run bench:events` compares them closely.
  expect(besideFailing).toBeLessThan(alone + 1_000);
}, 120_000);
