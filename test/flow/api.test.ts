import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFlow, type Flow } from '../support/flow.ts';

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ BODY_LIMIT: '2048', MAX_SESSIONS_PER_INSTANCE: '2' });
  await flow.link('linked');
}, 30_000);
afterAll(() => flow.end());

const text = (more: object) => ({ sessionId: 'linked', to: '+1 555 010 0002', text: 'Hello', ...more });

/** Each row: what is wrong, the request, and the answer's status, code and, where it names fields, its details. */
const BAD: [string, string, string, unknown, number, string, (string | RegExp)[]?][] = [
  [
    'an unknown field',
    'POST',
    '/messages/text',
    text({ txt: 1 }),
    400,
    'invalid_request',
    ['txt: is not a known field'],
  ],
  [
    'two wrong fields at once',
    'POST',
    '/messages/text',
    text({ text: '', humanize: 'no' }),
    400,
    'invalid_request',
    [/^text: /, /^humanize: /],
  ],
  [
    'a missing field',
    'POST',
    '/messages/text',
    { sessionId: 'linked', text: 'x' },
    400,
    'invalid_request',
    ['to: is missing'],
  ],
  [
    'a number where text belongs',
    'POST',
    '/messages/text',
    text({ to: 15550100002 }),
    400,
    'invalid_request',
    [/^to: must be string/],
  ],
  [
    'an unknown profile',
    'POST',
    '/messages/text',
    text({ humanization: 'hasty' }),
    400,
    'invalid_request',
    ['humanization: must be one of fast, normal, slow, instant'],
  ],
  ['no body at all', 'POST', '/messages/text', undefined, 400, 'invalid_request'],
  ['a bad phone number', 'POST', '/messages/text', text({ to: 'call me' }), 400, 'invalid_recipient'],
  ['a phone number without its country', 'POST', '/messages/text', text({ to: '0155' }), 400, 'invalid_recipient'],
  ['an unknown session', 'POST', '/messages/text', text({ sessionId: 'nobody' }), 404, 'session_not_found'],
  [
    'an unknown message to answer',
    'POST',
    '/messages/text',
    text({ quotedMessageId: '3EB0000000000000000000' }),
    404,
    'message_not_found',
  ],
  [
    'an unknown message',
    'GET',
    '/messages/3EB0000000000000000000?sessionId=linked',
    undefined,
    404,
    'message_not_found',
  ],
  ['a message id that cannot be one', 'GET', '/messages/%20?sessionId=linked', undefined, 404, 'message_not_found'],
  [
    'a query without its session',
    'GET',
    '/messages/3EB0000000000000000000',
    undefined,
    400,
    'invalid_request',
    ['sessionId: is missing'],
  ],
  ['a session id with a slash', 'POST', '/sessions', { sessionId: '../etc' }, 400, 'invalid_session_id'],
  ['a session that exists', 'POST', '/sessions', { sessionId: 'linked' }, 409, 'session_exists'],
  [
    'a proxy that is none',
    'POST',
    '/sessions',
    { sessionId: 'p', proxyUrl: 'ftp://127.0.0.1' },
    400,
    'invalid_proxy_url',
  ],
  [
    'a webhook to a private network',
    'POST',
    '/sessions',
    { sessionId: 'w', webhookUrl: 'http://10.0.0.1/x' },
    400,
    'address_not_allowed',
  ],
  ['a webhook that is no web address', 'POST', '/webhooks', { url: 'file:///etc/passwd' }, 400, 'invalid_webhook_url'],
  [
    'a webhook for an unknown session',
    'POST',
    '/webhooks',
    { url: 'https://example.com', sessionId: 'nobody' },
    404,
    'session_not_found',
  ],
  [
    'an unknown event',
    'POST',
    '/webhooks',
    { url: 'https://example.com', events: ['everything'] },
    400,
    'invalid_request',
    [/^events\.0: must be one of message, /],
  ],
  ['an unknown webhook', 'DELETE', '/webhooks/wh_1', undefined, 404, 'webhook_not_found'],
  ['a QR code of a linked session', 'GET', '/sessions/linked/qr', undefined, 409, 'qr_not_available'],
  [
    'waiting for a status there is not',
    'GET',
    '/sessions/linked/wait?status=happy',
    undefined,
    400,
    'invalid_request',
    [/^status: must be among connecting/],
  ],
  [
    'waiting for ever',
    'GET',
    '/sessions/linked/wait?status=qr&timeout=9999',
    undefined,
    400,
    'invalid_request',
    [/^timeout: must be <= 120/],
  ],
  ['a path that is not there', 'GET', '/nothing', undefined, 404, 'not_found'],
  ['a name that is too long', 'GET', `/sessions/${'a'.repeat(200)}`, undefined, 404, 'not_found'],
  ['a path that is badly written', 'GET', '/sessions/%zz', undefined, 404, 'not_found'],
  ['a method that is not there', 'PUT', '/sessions', {}, 404, 'not_found'],
  ['a body over the limit', 'POST', '/messages/text', text({ text: 'x'.repeat(3_000) }), 413, 'body_too_large'],
  ['invalid JSON', 'POST', '/messages/text', '{"sessionId": ', 400, 'invalid_json'],
  ['JSON that is no object', 'POST', '/messages/text', '[]', 400, 'invalid_request'],
];

describe('bad input gets its status, code, sentence and hint, and changes nothing', () => {
  test.each(
    BAD.map(([what, method, path, body, status, code, details]) => ({
      what,
      method,
      path,
      body,
      status,
      code,
      details,
    })),
  )('$what', async ({ method, path, body, status, code, details }) => {
    const before = await flow.call('GET', '/sessions');
    const answer = await flow.call(method, path, body);
    expect(answer).toMatchObject({ status, body: { success: false, error: { code } } });
    const { message, hint, details: told } = answer.body.error;
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(hint).toMatch(/^[A-Z].*\.$/);
    if (details)
      expect(told).toEqual(details.map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
    expect((await flow.call('GET', '/sessions')).body).toEqual(before.body);
    expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
  });

  test('a body of another type', async () => {
    const answer = await flow.call('POST', '/messages/text', 'to=1', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer).toMatchObject({ status: 415, body: { error: { code: 'unsupported_media_type' } } });
  });

  test.each(['', 'Bearer wrong', 'Bearer test-key-012345678', 'Basic test-key-0123456789'])(
    'a key like "%s"',
    async (authorization) => {
      const answer = await flow.call('GET', '/sessions', undefined, { authorization });
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } });
    },
  );

  test('a message from a session that is not linked', async () => {
    await flow.call('POST', '/sessions', { sessionId: 'fresh' });
    const answer = await flow.call('POST', '/messages/text', text({ sessionId: 'fresh' }));
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'session_not_linked' } } });
    const third = await flow.call('POST', '/sessions', {});
    expect(third).toMatchObject({ status: 409, body: { error: { code: 'session_limit' } } });
    await flow.call('DELETE', '/sessions/fresh');
    expect((await flow.call('GET', '/sessions/fresh')).status).toBe(404);
  });
});

test('the same Idempotency-Key with the same message is one message, with another it is refused', async () => {
  const contact = flow.sandbox.contact('15550100007');
  const key = { 'idempotency-key': 'order-1' };
  const send = (words: string) =>
    flow.call('POST', '/messages/text', { sessionId: 'linked', to: contact.phone, text: words }, key);
  const [first, second] = await Promise.all([send('Thanks'), send('Thanks')]);
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.body.data.messageId).toBe(first.body.data.messageId);
  expect(await send('Other words')).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
  await contact.waitForMessage(({ text: shown }) => shown === 'Thanks', 15_000);
  expect(contact.screen).toHaveLength(1);
}, 30_000);

test('the same text to the same recipient within five minutes is refused, with the time to wait', async () => {
  const to = flow.sandbox.contact('15550100008').phone;
  const send = () => flow.call('POST', '/messages/text', { sessionId: 'linked', to, text: 'Twice' });
  expect((await send()).status).toBe(202);
  const again = await send();
  expect(again).toMatchObject({
    status: 429,
    body: { error: { code: 'duplicate_message', retryAfter: expect.any(Number) } },
  });
  expect(Number(again.headers.get('retry-after'))).toBe(again.body.error.retryAfter);
  await flow.sandbox.contact('15550100008').waitForMessage(() => true, 20_000);
}, 30_000);

test('/health needs no key and says loudly that this is a sandbox; /openapi.json describes every route', async () => {
  const health = await flow.call('GET', '/health', undefined, { authorization: '' });
  expect(health.body.data).toEqual({ status: 'ok', version: 'test', sandbox: true });
  const { body } = await flow.call('GET', '/openapi.json', undefined, { authorization: '' });
  expect(Object.keys(body.paths).sort()).toEqual([
    '/bulks/{bulkId}',
    '/contacts/check',
    '/events',
    '/health',
    '/media/{sessionId}/{mediaId}',
    '/messages',
    '/messages/audio',
    '/messages/contact',
    '/messages/delete',
    '/messages/document',
    '/messages/edit',
    '/messages/forward',
    '/messages/image',
    '/messages/location',
    '/messages/poll',
    '/messages/reaction',
    '/messages/sticker',
    '/messages/text',
    '/messages/text/bulk',
    '/messages/video',
    '/messages/{messageId}',
    '/messages/{messageId}/wait',
    '/protocol/report',
    '/proxies',
    '/proxies/test',
    '/proxies/{proxyId}',
    '/proxies/{proxyId}/test',
    '/ready',
    '/sessions',
    '/sessions/restore',
    '/sessions/{sessionId}',
    '/sessions/{sessionId}/backup',
    '/sessions/{sessionId}/chats',
    ...['picture', 'presence', 'read', 'typing'].map((what) => `/sessions/{sessionId}/chats/{chat}/${what}`),
    '/sessions/{sessionId}/contacts/{contact}',
    '/sessions/{sessionId}/contacts/{contact}/about',
    '/sessions/{sessionId}/disconnect',
    '/sessions/{sessionId}/groups',
    '/sessions/{sessionId}/groups/{group}',
    '/sessions/{sessionId}/groups/{group}/members',
    '/sessions/{sessionId}/health',
    '/sessions/{sessionId}/limits',
    '/sessions/{sessionId}/logout',
    ...['', '/{contact}'].map((which) => `/sessions/{sessionId}/opt-outs${which}`),
    '/sessions/{sessionId}/pairing-code',
    '/sessions/{sessionId}/proxy',
    '/sessions/{sessionId}/qr',
    '/sessions/{sessionId}/reconnect',
    '/sessions/{sessionId}/settings',
    '/sessions/{sessionId}/status',
    '/sessions/{sessionId}/wait',
    '/webhooks',
    '/webhooks/{webhookId}',
    '/webhooks/{webhookId}/deliveries',
    '/webhooks/{webhookId}/deliveries/{eventId}',
    '/webhooks/{webhookId}/deliveries/{eventId}/redrive',
    '/webhooks/{webhookId}/ping',
    '/webhooks/{webhookId}/redrive',
    '/webhooks/{webhookId}/replay',
    '/webhooks/{webhookId}/secret',
  ]);
  expect(body.paths['/messages/text'].post.requestBody.content['application/json'].schema.additionalProperties).toBe(
    false,
  );
});
