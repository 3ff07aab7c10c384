/** What contacts write reaches every receiver, whatever receivers do and however often the whole runtime is killed. */
import { beforeAll, expect, test } from '@jest/globals';
import { runtimeChaos, type RuntimeChaos } from '../support/runtime-chaos.ts';

const KILLS = 10;
let chaos: RuntimeChaos;

beforeAll(async () => void (chaos = await runtimeChaos(KILLS)), 600_000);

test('every receiver got every message at least once, however it failed while the runtime was killed ten times', () => {
  expect(chaos.heard).toHaveLength(7);
  for (const { messages } of chaos.heard) {
    expect(new Set(messages.map(({ data }) => data.messageId))).toEqual(new Set(chaos.said));
  }
});

test('what came twice came under the same id, to whomever', () => {
  const ids = new Map<string, Set<string>>();
  for (const { id, data } of chaos.heard.flatMap(({ messages }) => messages)) {
    ids.set(data.messageId, (ids.get(data.messageId) ?? new Set()).add(id));
  }
  expect([...ids.values()].filter((each) => each.size !== 1)).toEqual([]);
  // Each kill upon a delivery has it made again.
  const [healthy] = chaos.heard;
  expect(healthy?.messages.length).toBeGreaterThanOrEqual(chaos.said.length + KILLS / 2);
});

test('the healthy receiver got them in order', () => {
  const numbers = chaos.heard[0]?.messages.map(({ sequence }) => sequence) ?? [];
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
});
