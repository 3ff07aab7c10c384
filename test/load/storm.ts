/** `npm run storm -- 200`: a reconnection storm of so many sessions, as one line of JSON. */
import { storm } from '../support/storm.ts';

const LIMITS = { allBackMs: 60_000, stallMs: 1_000 };
const result = await storm(Number(process.argv[2] ?? 200));
const ok = result.allBackMs < LIMITS.allBackMs && result.stallMs < LIMITS.stallMs && result.unhandled.length === 0;
process.stdout.write(`${JSON.stringify({ ...result, ok })}\n`);
process.exit(ok ? 0 : 1);
