import { expect, test } from '@jest/globals';
import { CannotStart } from '../../runtime/src/errors.ts';
import { openSharedStore } from '../../runtime/src/store/store.ts';
import { startOldRedis } from '../support/old-redis.ts';

test.each(['6.2.14', '2.8.24'])(
  'Redis %s is refused at once, with what it is and what is needed',
  async (version) => {
    const old = await startOldRedis(version);
    try {
      const refusal = await openSharedStore({ url: old.url, prefix: 'wa' }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(CannotStart);
      expect(String(refusal)).toContain(`Redis 7.0 or newer is needed, REDIS_URL leads to ${version}.`);
    } finally {
      await old.stop();
    }
  },
  60_000,
);
