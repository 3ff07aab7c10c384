import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { passOn } from '../../runtime/src/api/elsewhere.ts';
import { requireKey } from '../../runtime/src/api/auth.ts';
import { installErrorReplies } from '../../runtime/src/api/replies.ts';
import { Passing, type About, type Place } from '../../runtime/src/cluster/cluster.ts';
import { RuntimeError } from '../../runtime/src/errors.ts';
import { createMetrics } from '../../runtime/src/metrics.ts';
import { within } from '../support/deadline.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';

const KEY = 'key-of-this-test-only';
const headers = { authorization: `Bearer ${KEY}` };
const PATIENCE_MS = 30_000;

interface Worker {
  name: string;
  url: string;
  app: FastifyInstance;
  /** What this worker thinks of whose the requests are. */
  find: (about: About) => Place | 'here' | null;
  seen: About[];
  /** Asked when a long poll has waited here: whether its session has moved. */
  hasMoved: () => boolean;
  gone: Promise<unknown>;
}

const started: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

/** A worker's API with routes of every way of asking and answering, each of which says who answered. */
async function worker(name: string, isFrozen = false): Promise<Worker> {
  const app = fastify({ forceCloseConnections: true });
  const passing = new Passing();
  const { promise: gone, resolve } = Promise.withResolvers<unknown>();
  const self: Worker = { name, url: '', app, find: () => 'here', seen: [], hasMoved: () => false, gone };
  installErrorReplies(app, createMetrics());
  requireKey(app, KEY);
  passOn(app, {
    passing,
    others: () => [],
    find: async (about) => {
      self.seen.push(about);
      return self.find(about);
    },
  });
  if (isFrozen) app.addHook('preHandler', () => new Promise(() => undefined));
  await app.register(multipart);
  app.get('/sessions/:sessionId/who', async ({ query }) => ({ name, query }));
  app.post('/messages/text', async ({ body, headers: { 'idempotency-key': key } }, reply) =>
    reply.code(202).send({ name, body, key }),
  );
  app.post('/messages/file', async (request) => {
    const file = await request.file();
    return { name, size: (await file?.toBuffer())?.length, fields: Object.keys(file?.fields ?? {}) };
  });
  app.get('/media/:sessionId/big', async (_, reply) =>
    reply
      .header('content-type', 'application/x-some')
      .send(Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65_536, name)))),
  );
  app.get('/sessions/:sessionId/news', async (request, reply) => {
    request.raw.socket.once('close', resolve);
    const lines = async function* () {
      yield `data: ${name}\n\n`;
      await once(request.raw.socket, 'close');
    };
    return reply.header('content-type', 'text/event-stream').send(Readable.from(lines()));
  });
  app.get('/sessions/:sessionId/wait', async ({ query }) => {
    if (self.hasMoved()) throw new RuntimeError('session_moving', { retryAfter: 1 });
    return { name, query };
  });
  app.post('/sessions', async () => ({ name }));
  app.get('/webhooks', async () => ({ name }));
  app.get('/contacts', async () => ({ name }));
  app.get('/events', async () => ({ name }));
  self.url = await app.listen({ host: '127.0.0.1', port: 0 });
  started.push(() => app.close());
  return self;
}

const at = ({ url }: { url: string }, isStillRight = true): Place => ({ url, isStillRight: async () => isStillRight });
const pair = async () => {
  const [asked, owner] = [await worker('asked'), await worker('owner')];
  asked.find = () => at(owner);
  return { asked, owner };
};
const ask = async ({ url }: Worker, path: string, more: RequestInit = {}) => {
  const answer = await fetch(url + path, { ...more, headers: { ...headers, ...more.headers } });
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown> & { error?: { code: string; retryAfter?: number } },
  };
};
const json = (body: object): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', 'idempotency-key': 'k1' },
});
const form = (fields: Record<string, string>, bytes: number): RequestInit => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('file', new Blob([new Uint8Array(bytes)]), 'a.bin');
  return { method: 'POST', body };
};

describe('a request that another worker is to answer', () => {
  test('is answered by it, whether the session is named in the path, the query or the body', async () => {
    const { asked } = await pair();
    expect(await ask(asked, '/sessions/one/who?x=a%20b')).toEqual({
      status: 200,
      body: { name: 'owner', query: { x: 'a b' } },
    });
    const body = { sessionId: 'two', text: 'Grüße' };
    expect(await ask(asked, '/messages/text', json(body))).toEqual({
      status: 202,
      body: { name: 'owner', body, key: 'k1' },
    });
    expect((await ask(asked, '/contacts?sessionId=three')).body).toEqual({ name: 'owner' });
    expect(asked.seen).toEqual(['one', 'two', 'three'].map((id) => ({ what: 'session', id })));
  });

  test.each([
    ['a small file', 10],
    ['a large file', 1_000_000],
  ])('carries %s that is uploaded, with its fields', async (_, size) => {
    const { asked } = await pair();
    const answer = await ask(asked, '/messages/file', form({ to: 'x', sessionId: 'two' }, size));
    expect(answer).toEqual({
      status: 200,
      body: { name: 'owner', size, fields: ['to', 'sessionId', 'file'] },
    });
    expect(asked.seen).toEqual([{ what: 'session', id: 'two' }]);
  });

  test('and what is uploaded for a session that is here is not touched by the look', async () => {
    const { owner } = await pair();
    const answer = await ask(owner, '/messages/file', form({ sessionId: 'two' }, 300_000));
    expect(answer.body).toMatchObject({ name: 'owner', size: 300_000 });
    expect((await ask(owner, '/messages/file', form({ sessionId: 'two' }, 10))).body).toMatchObject({ size: 10 });
    expect((await ask(owner, '/messages/file', form({}, 10))).body).toMatchObject({ size: 10 });
  });

  test('its answer streams back, bytes and type', async () => {
    const { asked } = await pair();
    const answer = await fetch(`${asked.url}/media/one/big`, { headers });
    expect(answer.headers.get('content-type')).toBe('application/x-some');
    expect(
      Buffer.from(await answer.arrayBuffer()).equals(
        Buffer.concat(Array.from({ length: 64 }, () => Buffer.alloc(65_536, 'owner'))),
      ),
    ).toBe(true);
  });

  test('a stream of events begins at once, and ends at the other worker when the caller goes', async () => {
    const { asked, owner } = await pair();
    const enough = new AbortController();
    const { body } = await fetch(`${asked.url}/sessions/one/news`, { headers, signal: enough.signal });
    const { value } = await within(
      PATIENCE_MS,
      'the first event',
      body?.getReader().read() ?? Promise.reject(new Error('none')),
    );
    expect(Buffer.from(value ?? []).toString()).toBe('data: owner\n\n');
    enough.abort();
    await within(PATIENCE_MS, 'the end', owner.gone);
  });

  test('is not passed on a second time, but comes back to be looked for again', async () => {
    const { asked, owner } = await pair();
    owner.find = () => at(asked);
    let looks = 0;
    asked.find = () => (++looks < 3 ? at(owner) : 'here');
    expect((await ask(asked, '/sessions/one/who')).body).toMatchObject({ name: 'asked' });
    expect(looks).toBe(3);
  });

  test('goes to where the session is by then when the other worker is gone', async () => {
    const { asked, owner } = await pair();
    const gone = at({ url: `http://127.0.0.1:${await freePort()}` });
    asked.find = () => (asked.seen.length < 3 ? gone : at(owner));
    expect((await ask(asked, '/messages/text', json({ sessionId: 'one' }))).body).toMatchObject({ name: 'owner' });
  });

  test('waits for an owner, and is told to come again when there is none for long', async () => {
    const { asked } = await pair();
    asked.find = () => null;
    const { status, body } = await ask(asked, '/sessions/one/who');
    expect([status, body.error?.code, body.error?.retryAfter]).toEqual([503, 'session_moving', 3]);
  }, 30_000);

  test('is a long poll that goes on where its session is by then, for the seconds that are left', async () => {
    const { asked, owner } = await pair();
    asked.find = () => (asked.seen.length < 2 ? 'here' : at(owner));
    asked.hasMoved = () => true;
    expect(await ask(asked, '/sessions/one/wait?status=qr&timeout=30')).toEqual({
      status: 200,
      body: { name: 'owner', query: { status: 'qr', timeout: '30' } },
    });
    // And comes back.
    let waits = 0;
    asked.find = () => 'here';
    asked.hasMoved = () => ++waits < 3;
    expect((await ask(asked, '/sessions/one/wait?timeout=20')).body).toEqual({ name: 'asked', query: { timeout: 20 } });
  });

  test('is not done twice when the other worker froze over it: it may have been done', async () => {
    const { asked } = await pair();
    const silent = await worker('silent', true);
    asked.find = () => at(asked.seen.length === 1 ? silent : asked, false);
    const { status, body } = await ask(asked, '/messages/text', json({ sessionId: 'one' }));
    expect([status, body.error?.code]).toEqual([503, 'session_moving']);
  }, 30_000);

  test('needs the API key before anything is looked for', async () => {
    const { asked } = await pair();
    expect((await ask(asked, '/sessions/one/who', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect(asked.seen).toEqual([]);
  });

  test('what exists once, what is new and what all can answer is told apart', async () => {
    const { asked } = await pair();
    await ask(asked, '/webhooks');
    await ask(asked, '/sessions', json({ sessionId: 'new' }));
    await ask(asked, '/sessions', json({}));
    expect((await ask(asked, '/events?sessionId=one')).body).toEqual({ name: 'asked' });
    expect(asked.seen).toEqual([{ what: 'once' }, { what: 'new', id: 'new' }, { what: 'new', id: null }]);
  });
});
