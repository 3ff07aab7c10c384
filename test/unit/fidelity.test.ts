import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { FIDELITY } from '../../runtime/sandbox/fidelity/fidelity.ts';
import { testTitles } from '../support/test-titles.ts';

const rows = Object.values(FIDELITY).flat();
const named = rows.flatMap((row) => ('test' in row ? [[row.what, row.test] as const] : []));

test.each(named)('%s is backed by a test that there is', async (_what, { file, name }) => {
  const titles = await testTitles(new URL(`../${file}`, import.meta.url));
  expect(titles.filter((title) => title === name)).toEqual([name]);
});

test('the methods of a row are called where its test is', async () => {
  const called = rows.flatMap((row) =>
    'test' in row ? (row.methods ?? []).map((method) => ({ method, ...row.test })) : [],
  );
  const missing = [];
  for (const { method, file } of called) {
    const source = await readFile(new URL(`../${file}`, import.meta.url), 'utf8');
    if (!source.includes(`.${method}(`)) missing.push(`${method} in ${file}`);
  }
  expect(missing).toEqual([]);
});

test('no two rows are about the same', () => {
  const whats = rows.map(({ what }) => what);
  expect(whats).toEqual([...new Set(whats)]);
  const methods = rows.flatMap((row) => row.methods ?? []);
  expect(methods).toEqual([...new Set(methods)]);
});

test('what is said of a row is one sentence', () => {
  const sentences = rows.flatMap((row) => [row.how, ...('untested' in row ? [row.untested] : [])]);
  expect(sentences.filter((sentence) => !/^[A-Z][^\n]*\.$/.test(sentence))).toEqual([]);
});
