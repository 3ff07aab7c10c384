/**
 * `npm run drain [-- --messages 10000 --kills 50 --sessions 10 --seed N --json]`: so many queued messages, and the runtime
 * killed so often while they drain, as one line of JSON. How far it is goes to stderr, unless --json is given.
 */
import { parseArgs } from 'node:util';
import { drain } from '../support/drain.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '50' },
    sessions: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(2 ** 31 * Math.random())) },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const note = (line: string) => void (values.json || process.stderr.write(`${line}\n`));
note(`seed ${seed}`);
const [messages, kills, sessions] = [Number(values.messages), Number(values.kills), Number(values.sessions)];
const result = await drain({ messages, kills, sessions, seed, note });
process.stdout.write(`${JSON.stringify({ ...result, seed })}\n`);
process.exit(result.ok ? 0 : 1);
