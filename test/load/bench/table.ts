/** The table of `runtime/BENCH.md`, between its two marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const FILE = new URL('../../../runtime/BENCH.md', import.meta.url);
const [BEGIN, END] = ['<!-- table -->', '<!-- end of table -->'] as const;

/** Puts these lines in the place of the last table, with what they were measured on. */
export function writeTable(lines: readonly string[]): void {
  const page = readFileSync(FILE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('runtime/BENCH.md has lost the marks of its table');
  const day = new Date().toISOString().slice(0, 10);
  const measured = `Measured on ${day} with Node ${process.versions.node} on ${availableParallelism()} cores.`;
  const table = [BEGIN, '', measured, '', ...lines, ''].join('\n');
  writeFileSync(FILE, page.slice(0, begin) + table + page.slice(end));
}
