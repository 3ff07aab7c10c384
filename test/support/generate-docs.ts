/**
 * `npm run docs:gen`: the reference pages under runtime/docs, made from the tables the runtime itself uses, so that they
 * cannot say anything else; the sandbox's FIDELITY.md, and what its README says of the control server.
 * `test/unit/docs.test.ts` fails when a page is not what its table gives.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { FIDELITY } from '../../runtime/sandbox/fidelity/fidelity.ts';
import type { FidelityRow } from '../../runtime/sandbox/fidelity/fidelity.ts';
import { CONFIG_TABLE } from '../../runtime/src/config.ts';
import { ERRORS } from '../../runtime/src/errors.ts';
import { REASONS, STATES } from '../../runtime/src/session/states.ts';
import { eventDocs } from './event-docs.ts';
import { eventSchema } from './event-schema.ts';
import { code, table } from './markdown.ts';
import { withControlSection } from './sandbox-docs.ts';

export const RUNTIME = new URL('../../runtime/', import.meta.url);
const NOTICE = '<!-- Made by `npm run docs:gen` from the tables in runtime/src. Change those, not this page. -->';
const FIDELITY_NOTICE = NOTICE.replace('src', 'sandbox/fidelity');

const pageOf = (...parts: string[]) => parts.join('\n\n') + '\n';
const page = (title: string, ...parts: string[]) => pageOf(`# ${title}`, NOTICE, ...parts);

function configuration(): string {
  const rows = CONFIG_TABLE.map((row) => [
    code(row.key),
    row.kind.type + (row.unit === undefined ? '' : ` (${row.unit})`),
    row.default === undefined || row.default === '' ? 'none' : code(row.default),
    row.sentence + (row.secret ? ' Secret.' : ''),
  ]);
  return page(
    'Configuration',
    'The runtime reads these environment values once, when it starts. An empty value counts as unset. If anything is ' +
      'wrong it names all of it and does not start.',
    table(['Key', 'Value', 'Default', 'What it does'], rows),
  );
}

function errors(): string {
  const rows = Object.entries(ERRORS).map(([name, row]) => [code(name), code(row.status), row.message, row.hint]);
  return page(
    'Errors',
    'What a caller may be told, by the stable code in `error.code`, with the HTTP status of the answer.',
    table(['Code', 'Status', 'What happened', 'What to do'], rows),
  );
}

function states(): string {
  return page(
    'Session states',
    'A session is always in one of these states, for one of the reasons below. Trouble with the connection is a state, ' +
      'never an error of the call that met it.',
    table(
      ['State', 'What it means'],
      Object.entries(STATES).map(([name, sentence]) => [code(name), sentence]),
    ),
    '## Reasons',
    table(
      ['Reason', 'What happened', 'What to do'],
      Object.values(REASONS).map((reason) => [code(reason.code), reason.message, reason.action]),
    ),
  );
}

function fidelity(): string {
  const areas = Object.entries(FIDELITY).map(([area, rows]) => `## ${area}\n\n` + fidelityTable(rows));
  const all = Object.values(FIDELITY).flat();
  const count = (verdict: string) => all.filter((row) => row.verdict === verdict).length;
  return pageOf(
    '# How near the sandbox comes to WhatsApp',
    FIDELITY_NOTICE,
    `Of ${all.length} things, ${count('faithful')} are faithful: the unmodified client meets what it would meet at WhatsApp, ` +
      `as far as that is known. ${count('simplified')} are simplified, and ${count('absent')} are absent: a client is told ` +
      'so. Each row names the test that shows it, by its file below `test/`.',
    ...areas,
  );
}

function fidelityTable(rows: readonly FidelityRow[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.verdict,
    row.how,
    (row.methods ?? []).map(code).join(' '),
    'test' in row ? `${code(row.test.file)}: ${row.test.name}` : row.untested,
  ]);
  return table(['What', 'Verdict', 'How', "Methods of the client's socket", 'Test'], cells);
}

/** Every page by its path below runtime/, formatted as the repository's check wants it. */
export async function renderDocs(): Promise<Record<string, string>> {
  const pages = {
    'docs/configuration.md': configuration(),
    'docs/errors.md': errors(),
    'docs/events.md': page('Events', ...eventDocs()),
    'docs/events.schema.json': JSON.stringify(eventSchema()),
    'docs/states.md': states(),
    'sandbox/FIDELITY.md': fidelity(),
    'sandbox/README.md': withControlSection(await readFile(new URL('sandbox/README.md', RUNTIME), 'utf8')),
  };
  const style = await resolveConfig(fileURLToPath(RUNTIME));
  const formatted = Object.entries(pages).map(async ([name, text]) => [
    name,
    await format(text, { ...style, parser: name.endsWith('.json') ? 'json' : 'markdown' }),
  ]);
  return Object.fromEntries(await Promise.all(formatted)) as Record<string, string>;
}

async function writeDocs(): Promise<void> {
  for (const [name, text] of Object.entries(await renderDocs())) await writeFile(new URL(name, RUNTIME), text);
}

if (import.meta.main) await writeDocs();
