/** Whatever is sent to the API: no answer is the runtime's own fault, and what is refused has changed nothing. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { API_KEY, startLinkedFlow, type Flow } from '../support/flow.ts';
import { wrongRequests, type FuzzedRequest, type OpenApi } from '../support/fuzzed-requests.ts';

const REQUESTS = 10_000;
const LINKED = { sessionId: 'sales', phone: '+15550100002' };
const STATE = [
  '/sessions',
  '/webhooks',
  '/proxies',
  '/sessions/sales/opt-outs',
  '/sessions/sales/settings',
  '/messages?sessionId=sales&limit=500',
];

/** All that can be read, but for how far the messages accepted have come. */
async function stateOf(flow: Flow) {
  const answers = await Promise.all(STATE.map(async (path) => await flow.call('GET', path)));
  for (const { status } of answers) expect(status).toBe(200);
  const [sessions, webhooks, proxies, optOuts, settings, messages] = answers.map(({ body }) => body.data);
  const ids = messages.messages.map(({ messageId }: { messageId: string }) => messageId);
  return { sessions, webhooks, proxies, optOuts, settings, ids };
}

/** Sends one and answers whether it was refused; a 5xx throws with what was sent. */
async function isRefused({ app }: Flow, { route, method, path, headers, body }: FuzzedRequest): Promise<boolean> {
  const response = await fetch(new URL(path, app?.url), {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (response.status < 500) return response.status >= 400;
  throw new Error(`${route} answered ${response.status} ${text} to ${method} ${path} ${body?.slice(0, 2_000)}`);
}

/** Those refused in a batch from which all that was accepted has been taken out, however often that takes. */
async function refusedAlone(flow: Flow, requests: FuzzedRequest[]): Promise<FuzzedRequest[]> {
  const before = await stateOf(flow);
  const refused = await Promise.all(requests.map(async (request) => await isRefused(flow, request)));
  const left = requests.filter(({ method }, index) => refused[index] === true || method === 'GET');
  if (left.length < requests.length) return await refusedAlone(flow, left);
  expect(await stateOf(flow)).toEqual(before);
  return left;
}

test(`of ${REQUESTS} wrong requests to all routes none is answered 5xx, and those refused change nothing`, async () => {
  const { flow, receiver } = await startLinkedFlow({ MAX_SESSIONS_PER_INSTANCE: '1' });
  try {
    flow.sandbox.contact(LINKED.phone.slice(1));
    const { body } = await flow.call('GET', '/openapi.json');
    const routes = wrongRequests(body as OpenApi, LINKED);
    const batches = Math.ceil(REQUESTS / routes.length);
    let changing = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.tuple(...routes), async (requests) => {
        changing += requests.filter(({ method }) => method !== 'GET').length;
        refused += (await refusedAlone(flow, requests)).filter(({ method }) => method !== 'GET').length;
      }),
      // The seed is told on failure; a smaller example would take thousands of requests more.
      { numRuns: batches, endOnFailure: true },
    );
    expect(refused / changing).toBeGreaterThan(0.9);
  } catch (error) {
    await flow.close();
    throw error;
  } finally {
    await receiver.stop();
  }
  await flow.end();
}, 300_000);
