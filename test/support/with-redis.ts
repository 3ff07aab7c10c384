/** Tests that need a Redis are skipped where there is none, unless everything is required. */
import { describe, test } from '@jest/globals';
import { hasRedis } from './redis-server.ts';

/** Describes tests that need Redis; without one they are skipped, and the title says so. */
export function describeWithRedis(title: string, tests: () => void): void {
  if (hasRedis() || process.env.REQUIRE_ALL === '1') describe(title, tests);
  else test.skip(`${title} (no redis-server: install Debian's package, its service is not needed)`, () => undefined);
}
