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
import { createMetrics } from '../../runtime/src/metrics.ts';
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

function metrics(): string {
  const rows = createMetrics().declared.map(({ name, type, labels, help }) => {
    const shown = Object.entries(labels).map(([label, values]) => {
      const what = typeof values === 'string' ? values : values.map(code).join(', ');
      return `${code(label)}: ${what}`;
    });
    return [code(name), type, shown.join('; '), help];
  });
  return page(
    'Metrics',
    'What Prometheus is told at `/metrics` on `METRICS_PORT`, unless `METRICS_ENABLED` is false. Besides there is what ' +
      '[prom-client](https://github.com/siimon/prom-client) measures of every Node process, by names that begin with `process_` ' +
      'and `nodejs_`; `nodejs_eventloop_lag_*` is the delay of the event loop since the scrape before. Counters begin at 0 with ' +
      'each start; gauges are read when they are asked for.',
    'Nothing here names a person: no label holds an address, a phone number, a session id or a URL. The hash of a session is ' +
      'found again in events and at `GET /sessions`.',
    'What does not add up is lost: `whatsapp_messages_accepted_total` = acked + failed + what came to wait; ' +
      '`whatsapp_messages_received_total` = the sum of `whatsapp_messages_handled_total`, but for what is in hand.',
    table(['Metric', 'Type', 'Labels', 'What it says'], rows),
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
    'docs/metrics.md': metrics(),
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
