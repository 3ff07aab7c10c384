import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { routes } from '../../runtime/sandbox/control-routes.ts';
import { FEED_EVENTS } from '../../runtime/sandbox/event-feed.ts';
import { FAULTS } from '../../runtime/sandbox/faults/registry.ts';
import { CONTENT_KINDS } from '../../runtime/sandbox/given-content.ts';
import { CONFIG_TABLE } from '../../runtime/src/config.ts';
import { ERRORS } from '../../runtime/src/errors.ts';
import { EVENTS, EVENT_NAMES } from '../../runtime/src/events.ts';
import { createMetrics } from '../../runtime/src/metrics.ts';
import { REASONS, STATES } from '../../runtime/src/session/states.ts';
import { ALERTS } from '../../runtime/src/watchdog/alerts.ts';
import { wrongIn } from '../support/event-check.ts';
import { exampleOf } from '../support/event-examples.ts';
import { renderDocs, RUNTIME } from '../support/generate-docs.ts';

const pages = await renderDocs();
const page = (name: string) => readFile(new URL(name, RUNTIME), 'utf8');

test.each(Object.keys(pages))('%s is what `npm run docs:gen` makes', async (name) => {
  expect(await page(name)).toBe(pages[name]);
});

test.each([
  ['docs/configuration.md', CONFIG_TABLE.map(({ key }) => key)],
  ['docs/errors.md', Object.keys(ERRORS)],
  ['docs/metrics.md', createMetrics().declared.map(({ name }) => name)],
  ['docs/states.md', [...Object.keys(STATES), ...Object.keys(REASONS)]],
])('%s has one row for each entry of its table', async (name, codes) => {
  const rows = (await page(name)).split('\n').flatMap((line) => /^\| `([^`]+)`/.exec(line)?.slice(1) ?? []);
  expect(rows).toEqual(codes);
});

test('docs/events.md has a row, a chapter and an example for each event, and a row for each alert', async () => {
  const text = await page('docs/events.md');
  for (const name of Object.keys(EVENTS)) {
    expect(text).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
    expect(text).toMatch(new RegExp(`^## ${name}$`, 'm'));
    expect(text).toContain(`"event": "${name}"`);
  }
  for (const name of Object.keys(ALERTS)) expect(text).toContain(`| \`${name}\``);
});

test.each(EVENT_NAMES)('the JSON Schema takes the example of %s, and none that lacks a field', (name) => {
  const example = exampleOf(name, 1);
  expect(wrongIn(example)).toBeNull();
  for (const field of Object.keys(example)) expect(wrongIn({ ...example, [field]: undefined })).not.toBeNull();
  const { data } = example;
  for (const field of Object.keys(data)) {
    expect([field, wrongIn({ ...example, data: { ...data, [field]: undefined } })]).not.toEqual([field, null]);
  }
});

test("the sandbox's README has one row for each route, kind of content, event and fault", async () => {
  const rows = (await page('sandbox/README.md'))
    .split('\n')
    .flatMap((line) => /^\| `([^`]+)`/.exec(line)?.slice(1) ?? []);
  const asked = routes.map(({ method, path }) => `${method} ${path}`);
  const named = [...Object.keys(CONTENT_KINDS), ...Object.keys(FEED_EVENTS), ...FAULTS.map(({ name }) => name)];
  expect(rows.sort()).toEqual([...asked, ...named].sort());
});

test('no page says that it is generated when nothing generates it', async () => {
  const made = (await readdir(RUNTIME, { recursive: true })).filter(
    (name) => name.endsWith('.md') && !name.includes('node_modules') && !name.startsWith('dist'),
  );
  const byHand = await Promise.all(made.filter((name) => !(name in pages)).map(page));
  expect(byHand.filter((text) => text.includes('Made by `npm run docs:gen`'))).toEqual([]);
});
