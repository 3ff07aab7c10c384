/** Every engine of the store, for tests that are the same on each: `describe.each` over what a test file needs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Store } from '../../runtime/src/store/store.ts';
import { openEngine } from './engine-place.ts';
import { RedisServer } from './redis-server.ts';
import { describeWithRedis } from './with-redis.ts';

/** One engine with a store for each test, none of which sees another's. */
export interface StoreEngine {
  /** Another store from now on, empty. */
  fresh(): void;
  /** Opens the present one, also again after it was closed. */
  open(now?: () => number): Promise<Store>;
  /** What `engine-place.ts` is told in another process to open the present one. */
  place(): string[];
}

/** Describes the same tests for each engine. */
export function describeEachEngine(tests: (engine: StoreEngine) => void): void {
  const engineAt = (place: (count: number) => string[]): StoreEngine => {
    let count = 0;
    return {
      fresh: () => void (count += 1),
      open: (now) => openEngine(place(count), now),
      place: () => place(count),
    };
  };
  describe('SQLite in a directory', () => {
    const root = mkdtempSync(join(tmpdir(), 'engine-'));
    afterAll(() => rmSync(root, { recursive: true, force: true }));
    tests(engineAt((count) => ['sqlite', join(root, String(count))]));
  });
  describeWithRedis('Redis', () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start();
    }, 60_000);
    afterAll(() => server.stop());
    tests(engineAt((count) => ['redis', server.url, `t${count}`]));
  });
}
