/**
 * `npm run bench [-- --quick --json --only TEXT]`: what the runtime costs, as a Markdown table or one line of JSON each, beside
 * bare Baileys on the same sandbox in the same run. `--quick` takes under ten minutes; `--only` runs the scenarios whose name contains the text. BENCH.md has what came of it.
 */
import { parseArgs } from 'node:util';
import { toError } from '../../runtime/src/errors.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import type { Row } from './bench/bench.ts';
import { filesRow } from './bench/files.ts';
import { latencyRows } from './bench/latency.ts';
import { sendingRow } from './bench/sending.ts';
import { sessionRows } from './bench/sessions.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const { quick, json, only } = values;
const print = (line: string) => void process.stdout.write(`${line}\n`);

const SCENARIOS: readonly (readonly [string, () => Promise<Row[]>])[] = [
  ['memory 50', () => sessionRows(50, false)],
  ['memory, restart and storm 200', () => sessionRows(quick ? 100 : 200, true)],
  ...(quick ? [] : [['memory 1000', () => sessionRows(1_000, false)] as const]),
  ['sending from one', async () => [await sendingRow({ sessions: 1, people: quick ? 60 : 200 })]],
  ['sending from many', async () => [await sendingRow({ sessions: 50, people: quick ? 5 : 20 })]],
  ['latency', () => latencyRows(quick ? { seconds: 5, messages: 50 } : { seconds: 20, messages: 300 })],
  ['files', async () => [await filesRow(quick ? 4 : 10, quick ? 32 : 64)]],
];

const shown = (value: number | null) => value ?? '';
const row = (cells: readonly unknown[]) => print(`| ${cells.join(' | ')} |`);
function show(each: Row): void {
  if (json) return print(JSON.stringify(each));
  const { scenario, value, unit, bare, ratio, goal, ok } = each;
  row([scenario, `${value} ${unit}`, shown(bare), shown(ratio), goal, ok ? 'yes' : 'NO']);
}

closeConsole();
if (!json) {
  row(['scenario', 'runtime', 'bare Baileys', 'ratio', 'goal', 'met']);
  row(['---', '---:', '---:', '---:', '---', '---']);
}
let allMet = true;
for (const [name, run] of SCENARIOS) {
  if (!name.includes(only)) continue;
  try {
    for (const each of await run()) {
      show(each);
      allMet &&= each.ok;
    }
  } catch (error) {
    allMet = false;
    process.stderr.write(`${name}: ${toError(error).message}\n`);
  }
}
process.exit(allMet ? 0 : 1);
