/** Nothing is lost on its way to any receiver, whatever receivers and crashes do, and what works is not delayed by what does not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { eventChaos, percentile, type Heard } from '../support/event-chaos.ts';

const EVENTS = 400;
const KILLS = 10;
let heard: Heard[];

beforeAll(async () => {
  heard = await eventChaos({ events: EVENTS, kills: KILLS, calm: false });
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

test('the healthy are told as soon as if all were', async () => {
  const calm = await eventChaos({ events: EVENTS, kills: 0, calm: true });
  const [usual, beside] = [calm, heard].map((all) =>
    percentile(
      all.filter(({ name }) => name.startsWith('healthy')).flatMap(({ lags }) => lags),
      0.95,
    ),
  );
  // What waited for a receiver that hangs would be ten seconds late. Half of that is left to a machine with more to do.
  expect(beside).toBeLessThan((usual ?? 0) + 5_000);
}, 120_000);
