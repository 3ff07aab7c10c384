/** `npm run restart -- 200`: a start with so many saved sessions, as one line of JSON. */
import { restart } from '../support/restart.ts';

const LIMITS = { allBackMs: 60_000, stallMs: 1_000 };
const result = await restart(Number(process.argv[2] ?? 200));
const ok = result.allBackMs < LIMITS.allBackMs && result.stallMs < LIMITS.stallMs && result.unhandled.length === 0;
process.stdout.write(`${JSON.stringify({ ...result, ok })}\n`);
process.exit(ok ? 0 : 1);
