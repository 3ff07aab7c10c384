/** Markdown for pages that are made from tables. */

export const code = (text: string | number): string => `\`${text}\``;

/** Plain text in a table cell: nothing in it is Markdown or HTML, save code spans. */
const cell = (text: string) => text.replace(/[\\|*]/g, '\\$&').replaceAll('<', '&lt;');

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
