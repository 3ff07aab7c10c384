/** A runtime whose disk, or Redis, is full lives, and is not ready until it can write again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrashStage, PHONE } from '../support/crash-stage.ts';
import { eventually } from '../support/deadline.ts';
import { isOnRedis } from '../support/flow-engine.ts';

let stage: CrashStage;
beforeAll(async () => void (stage = await CrashStage.open()), 60_000);
afterAll(() => stage.close(), 30_000);

const isReady = (...wanted: [number, string | undefined]) =>
  eventually(
    30_000,
    'the readiness',
    () => stage.answers('/ready'),
    (answer) => answer.join() === wanted.join(),
  );

test('a runtime that cannot write is alive and not ready, and ready when it can again', async () => {
  await isReady(200, undefined);
  await stage.fill(true);
  await isReady(503, isOnRedis ? 'store_unavailable' : 'not_writable');
  expect(await stage.answers('/health')).toEqual([200, undefined]);
  await stage.fill(false);
  await isReady(200, undefined);
  const { messageId } = await stage.sandbox.contact('15550100100').say(stage.sandbox.account(PHONE), 'Well again?');
  await stage.receiver.next(({ data }) => data.messageId === messageId, 60_000);
}, 150_000);
