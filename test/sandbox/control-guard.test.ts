import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';

let sandbox: Sandbox;
let port: string;

beforeAll(async () => {
  sandbox = await startSandbox({ controlPort: 0 });
  ({ port } = new URL(sandbox.controlUrl ?? ''));
});

afterAll(() => sandbox.stop());

const filled = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', port)]));

/** Asks with exactly these headers, as no browser or `fetch` lets a program do. */
async function ask(method: string, path: string, headers: Record<string, string>, body = '') {
  const asked = request({ host: '127.0.0.1', port, method, path, headers: filled(headers), agent: false });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await json(response) };
}

const CONTACT = JSON.stringify({ phone: '15550100011' });
const JSON_TYPE = { 'content-type': 'application/json' };

test.each([
  ['another host', { host: 'rebound.example:PORT' }],
  ['another port', { host: '127.0.0.1:1' }],
  ['no port', { host: 'localhost' }],
  ['a host that only begins like it', { host: 'localhost.example:PORT' }],
  ['another origin', { origin: 'http://evil.example' }],
  ['an origin on another port', { origin: 'http://127.0.0.1:1' }],
  ['an origin by another scheme', { origin: 'https://127.0.0.1:PORT' }],
  ['an origin that hides itself', { origin: 'null' }],
])('a request with %s is refused, reading and writing alike', async (_what, headers) => {
  const refused = { status: 403, body: { error: expect.stringMatching(/not for the host|may not steer/) } };
  for (const path of ['/state', '/', '/app.js']) {
    expect(await ask('GET', path, { host: '127.0.0.1:PORT', ...headers })).toEqual(refused);
  }
  const all = { host: '127.0.0.1:PORT', ...JSON_TYPE, ...headers };
  expect(await ask('POST', '/contacts', all, CONTACT)).toEqual(refused);
  expect(sandbox.contacts.size).toBe(0);
});

test.each([['text/plain'], ['application/x-www-form-urlencoded'], ['multipart/form-data; boundary=x'], ['']])(
  'a body of type %j is refused, as a form of another page would send it',
  async (type) => {
    const headers = { host: '127.0.0.1:PORT', ...(type && { 'content-type': type }) };
    const refused = { status: 415, body: { error: expect.stringContaining('content-type: application/json') } };
    expect(await ask('POST', '/contacts', headers, CONTACT)).toEqual(refused);
    expect(await ask('POST', '/contacts', { ...headers, 'transfer-encoding': 'chunked' }, CONTACT)).toEqual(refused);
    expect(sandbox.contacts.size).toBe(0);
  },
);

test.each([
  [{ host: '127.0.0.1:PORT' }],
  [{ host: 'LOCALHOST:PORT' }],
  [{ host: '[::1]:PORT' }],
  [{ host: 'localhost:PORT', origin: 'http://localhost:PORT' }],
  [{ host: 'localhost:PORT', origin: 'http://127.0.0.1:PORT' }],
])('programs and its own page may ask: %j', async (headers) => {
  expect((await ask('GET', '/unhandled', headers)).status).toBe(200);
  const typed = { ...headers, 'content-type': 'application/json; charset=utf-8' };
  expect((await ask('POST', '/people/15550100019/about', typed, '{"text":"hi"}')).status).toBe(404);
});

test('what is no path is refused with a sentence', async () => {
  const { status, body } = await ask('GET', '//', { host: '127.0.0.1:PORT' });
  expect([status, body]).toEqual([400, { error: expect.stringContaining('is no path') }]);
});

test('what is asked without a body needs no type', async () => {
  expect((await ask('POST', '/faults/f1/stop', { host: '127.0.0.1:PORT' })).status).toBe(404);
});
