/** The memory that large documents take which are sent at once: what `npm run bench:files` measures. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Row } from './bench.ts';

const FILES = new URL('../files.ts', import.meta.url);

export async function filesRow(count: number, megabytes: number): Promise<Row> {
  const args = [FILES.pathname, '--count', String(count), '--megabytes', String(megabytes)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { riseMb, mostRiseMb, ok } = JSON.parse(stdout) as { riseMb: number; mostRiseMb: number; ok: boolean };
  return {
    ...{
      scenario: `rise of memory while ${count} documents of ${megabytes} MB are sent at once`,
      value: riseMb,
      unit: 'MB',
    },
    ...{ bare: null, ratio: null, goal: `below ${mostRiseMb} MB`, ok },
  };
}
