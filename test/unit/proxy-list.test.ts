/** PROXY_POOL as people write it. */
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../runtime/src/config.ts';

const pool = (text: string) => loadConfig({ PROXY_POOL: text }).proxyPool;
const problem = (text: string): string => {
  try {
    pool(text);
  } catch (error) {
    return (error as Error).message.split('PROXY_POOL: ')[1] ?? '';
  }
  return 'accepted';
};
const plain = (url: string) => ({ url, weight: 1, maxSessions: null, region: null, label: null });

test.each([
  ['socks5://a.example, http://b.example:3128', ['socks5://a.example:1080', 'http://b.example:3128']],
  ['socks5h://a.example\nhttp://b.example:3128\n', ['socks5://a.example:1080', 'http://b.example:3128']],
  ['["socks5://a.example"]', ['socks5://a.example:1080']],
  ['- socks5://u:p%2C1@a.example\n- http://b.example', ['socks5://u:p%2C1@a.example:1080', 'http://b.example:80']],
  ['', []],
])('%j is a list of addresses', (text, urls) => {
  expect(pool(text)).toEqual(urls.map(plain));
});

test('an entry says its weight, how many sessions it takes, its region and its name; in YAML or in JSON', () => {
  const expected = [
    { url: 'socks5://a.example:1080', weight: 3, maxSessions: 5, region: 'br', label: 'São Paulo' },
    plain('http://b.example:80'),
  ];
  const yaml =
    '- url: socks5://a.example\n  weight: 3\n  maxSessions: 5\n  region: BR\n  label: São Paulo\n- http://b.example';
  expect(pool(yaml)).toEqual(expected);
  const first = { url: 'socks5://a.example', weight: 3, maxSessions: 5, region: 'BR', label: 'São Paulo' };
  expect(pool(JSON.stringify([first, { url: 'http://b.example', region: null }]))).toEqual(expected);
});

test.each([
  ['socks5://a.example, b.example:1', 'entry 2: the protocol is missing'],
  ['[{"url": "socks5://a.example", "weigth": 2}]', 'entry 1: a field is not known; known are url, weight'],
  ['[{"weight": 2}]', 'entry 1: url is missing'],
  ['[{"url": null}]', 'entry 1: url must be text'],
  ['["http://a.example", {"url": "http://b.example", "weight": 0}]', 'entry 2: weight must be a whole number'],
  ['[{"url": "http://b.example", "maxSessions": "many"}]', 'entry 1: maxSessions must be a whole number'],
  ['[17]', 'entry 1: must be a URL or an object'],
  ['[{"url": "http://a.example"', 'is neither valid YAML nor JSON'],
  ['http://u:one@a.example http://u:two@a.example:80', 'entry 2 is there twice'],
])('%s is refused with what is wrong', (text, expected) => {
  expect(problem(text)).toContain(expected);
});

test('what is secret is in no complaint', () => {
  for (const text of ['http://u:hunter2@a.example/x', '[{"url": "http://u:hunter2@a.example"', '["hunter2"]'])
    expect(problem(text)).not.toMatch(/hunter2|accepted/);
});
