/**
 * `npm run bench [-- --quick --json --write --profile FOLDER SCENARIO ...]`: what the runtime costs, each scenario beside bare
 * Baileys on the same sandbox, as a Markdown table or as one line of JSON each. `--quick` takes under ten minutes; `--write` puts
 * the table into runtime/BENCH.md, which says more. Ends with 1 when a goal was missed or a scenario skipped, with 2 when it was asked for what there is not.
 */
import { toError } from '../../runtime/src/errors.ts';
import { closeConsole } from '../../runtime/src/log.ts';
import { Bench } from './bench/bench.ts';
import { chosen, wishOf, WrongWish, type Wish } from './bench/order.ts';
import { circumstances, TABLE_HEAD, tableLine, verdict, writePage } from './bench/report.ts';
import { failedRow, rowOf, rowWithout, type Row, type Scenario, type Stage } from './bench/scenario.ts';
import { stagesOf } from './bench/stages.ts';

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const print = (line: string) => void process.stdout.write(`${line}\n`);
const say = (name: string, error: unknown) => void process.stderr.write(`${name}: ${toError(error).message}\n`);

/** Each scenario's row, as soon as there is one. One that fails is a row too, and the next is tried. */
async function run(
  { scenarios, prepare }: Stage,
  profile: string | undefined,
  told: (scenario: Scenario, row: Row) => void,
): Promise<void> {
  const left = [...scenarios];
  try {
    await Bench.with(async (bench) => {
      await prepare(bench);
      for (let next = left[0]; next; next = left[0]) {
        const { name, measure } = next;
        const row = await bench
          .profiled(profile, name, () => measure(bench))
          .then(
            (measured) => rowOf(next, measured),
            (error: unknown) => (say(name, error), failedRow(next)),
          );
        left.shift();
        told(next, row);
      }
    });
  } catch (error) {
    say(scenarios.map(({ name }) => name).join(', '), error);
    for (const scenario of left) told(scenario, rowWithout(scenario, error));
  }
}

async function bench({ quick, json, write, profile, names }: Wish): Promise<boolean> {
  const lines = [...TABLE_HEAD];
  const rows: Row[] = [];
  if (!json) TABLE_HEAD.forEach(print);
  for (const stage of chosen(stagesOf(quick), names)) {
    await run(stage, profile, (scenario, row) => {
      rows.push(row);
      lines.push(tableLine(row, scenario.what));
      print(json ? JSON.stringify(row) : (lines.at(-1) ?? ''));
    });
  }
  if (write) await writePage([circumstances(quick), lines.join('\n'), verdict(rows)].join('\n\n'));
  return rows.every(({ ok }) => ok);
}

closeConsole();
// Whatever ends this process, those it started end with it: `Bench` sees to that. A terminal, npm and the script that starts
// this each pass the signal on: the second must not cut short what the first began.
for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(code));
const known = stagesOf(false).flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
try {
  process.exitCode = (await bench(wishOf(process.argv.slice(2), known))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${toError(error).message}\n`);
  process.exitCode = error instanceof WrongWish ? 2 : 1;
}
process.exit();
