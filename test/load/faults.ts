/**
 * `npm run faults`: every fault the sandbox has against a session with traffic both ways, as a table, or with `--json` one
 * line a fault. `--only TEXT` runs the faults whose name contains it. A few processes share the work: in one process there
 * can be only one trusted root at a time.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { runFault } from '../support/fault-matrix.ts';
import { FAULT_ROWS, type FaultResult } from '../support/fault-rows.ts';

const LANES = 3;
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, lane: { type: 'string' } },
});
const rows = FAULT_ROWS.filter(({ fault }) => values.only === undefined || fault.includes(values.only));
const write = (line: string) => void process.stdout.write(`${line}\n`);

async function runLane(lane: number): Promise<void> {
  for (const [at, row] of rows.entries()) {
    if (at % LANES !== lane) continue;
    const failed = { state: '', reason: '', recoveryMs: null, lost: 0, doubled: 0, alerts: 0, ok: false };
    const result: FaultResult = await runFault(row).catch((error: Error) => ({
      fault: row.fault,
      ...failed,
      note: error.message,
    }));
    write(JSON.stringify(result));
  }
}

async function runLanes(): Promise<FaultResult[]> {
  const results: FaultResult[] = [];
  const lane = async (at: number) => {
    const only = values.only === undefined ? [] : ['--only', values.only];
    const args = [import.meta.filename, '--lane', String(at), ...only];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      const result = JSON.parse(line) as FaultResult;
      results.push(result);
      write(values.json ? line : tableRow(result));
    }
  };
  if (!values.json) write(['fault', 'state', 'reason', 'recovery', 'lost', 'doubled', 'ok'].join(' | '));
  await Promise.all(Array.from({ length: LANES }, (_none, at) => lane(at)));
  return results;
}

const tableRow = ({ fault, state, reason, recoveryMs, lost, doubled, ok, note }: FaultResult): string =>
  [
    ...[fault.padEnd(32), state.padEnd(12), reason.padEnd(20)],
    ...[recoveryMs === null ? '     -' : `${(recoveryMs / 1_000).toFixed(1)} s`.padStart(6)],
    ...[lost, doubled, ok ? 'ok' : `NOT OK: ${note ?? ''}`],
  ].join(' | ');

if (values.lane !== undefined) {
  await runLane(Number(values.lane));
  process.exit(0);
}
const results = await runLanes();
const bad = results.filter(({ ok }) => !ok).length;
if (!values.json) write(`${results.length} faults, ${bad} not ok`);
process.exit(bad === 0 && results.length === rows.length ? 0 : 1);
