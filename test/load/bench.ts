/**
 * `npm run bench [-- --quick --json --write --only TEXT]`: what the runtime costs, as a Markdown table or one line of JSON each, beside
 * bare Baileys on the same sandbox in the same run. `--quick` takes under ten minutes; `--only` runs the scenarios whose name contains the text, `--write` puts the table into runtime/BENCH.md.
 */
import { parseArgs } from 'node:util';
import { toError } from '../../runtime/src/errors.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import type { Row } from './bench/bench.ts';
import { filesRow } from './bench/files.ts';
import { latencyRows } from './bench/latency.ts';
import { sendingRow } from './bench/sending.ts';
import { sessionRows } from './bench/sessions.ts';
import { writeTable } from './bench/table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const { quick, json, write, only } = values;
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

const HEAD = [
  ['scenario', 'runtime', 'bare Baileys', 'ratio', 'goal', 'met'],
  ['---', '---:', '---:', '---:', '---', '---'],
];
const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
const cellsOf = ({ scenario, value, unit, bare, ratio, goal, ok }: Row) => {
  const theirs = bare === null ? '' : `${bare} ${unit}`;
  return [scenario, `${value} ${unit}`, theirs, ratio === null ? '' : `${ratio}x`, goal, ok ? 'yes' : 'NO'];
};
const show = (row: Row) => print(json ? JSON.stringify(row) : line(cellsOf(row)));

const selected = SCENARIOS.filter(([name]) => name.includes(only));
if (selected.length === 0) {
  process.stderr.write(
    `No scenario has "${only}" in its name. There are: ${SCENARIOS.map(([name]) => name).join('; ')}\n`,
  );
  process.exit(2);
}
closeConsole();
if (!json) for (const cells of HEAD) print(line(cells));
let allMet = true;
const rows: Row[] = [];
for (const [name, run] of selected) {
  try {
    for (const row of await run()) {
      show(row);
      rows.push(row);
      allMet &&= row.ok;
    }
  } catch (error) {
    allMet = false;
    process.stderr.write(`${name}: ${toError(error).message}\n`);
  }
}
if (write) writeTable([...HEAD, ...rows.map(cellsOf)].map(line));
process.exit(allMet ? 0 : 1);
