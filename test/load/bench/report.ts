/** The bench's rows as a person reads them. */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { Row } from './scenario.ts';

export const BENCH_PAGE = fileURLToPath(new URL('../../../runtime/BENCH.md', import.meta.url));
const BEGIN = '<!-- Made by `npm run bench -- --write`. -->';
const END = '<!-- The end of what is made. -->';

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

export const TABLE_HEAD: readonly string[] = [
  line(['scenario', 'what', 'runtime', 'bare Baileys', 'ratio', 'goal', 'met']),
  line(['---', '---', '---:', '---:', '---:', '---', '---']),
];

export function tableLine({ scenario, value, unit, bare, ratio, goal, ok, skipped }: Row, what: string): string {
  const without = skipped === undefined ? 'failed' : `skipped: ${skipped}`;
  const shown = value === null ? without : `${value} ${unit}`;
  return line([`\`${scenario}\``, what, shown, bare ?? '', ratio ?? '', goal, ok ? 'yes' : 'NO']);
}

/** What the figures are worth: on what they were measured, and when. */
export function circumstances(quick: boolean): string {
  const all = cpus();
  const machine = `${all.length} cores of ${all[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.version}`;
  return `${new Date().toISOString().slice(0, 10)}, \`npm run bench${quick ? ' -- --quick' : ''}\`, ${machine}.`;
}

/** The goals that were missed, in words. */
export function verdict(rows: readonly Row[]): string {
  const missed = rows.filter(({ ok }) => !ok).map(({ scenario }) => `\`${scenario}\``);
  return missed.length === 0 ? 'All goals were met.' : `Goals missed: ${missed.join(', ')}.`;
}

/** The page with this in the place of what an earlier run made. */
export function replaced(page: string, made: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`BENCH.md lacks the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${made}\n\n${page.slice(end)}`;
}

export async function writePage(made: string): Promise<void> {
  const page = replaced(await readFile(BENCH_PAGE, 'utf8'), made);
  await writeFile(BENCH_PAGE, await format(page, { ...(await resolveConfig(BENCH_PAGE)), parser: 'markdown' }));
}
