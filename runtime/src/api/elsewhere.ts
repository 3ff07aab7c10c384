/** Whose request is it: what another worker is to answer is passed on before anything is done for it here. */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { PASSED_ON, type About, type FindPlace, type Passing } from '../cluster/cluster.ts';
import { RuntimeError } from '../errors.ts';
import { DEFAULT_SECONDS } from './long-poll.ts';

export interface Elsewhere {
  find: FindPlace;
  /** Where all other workers are. */
  others(): string[];
  passing: Passing;
}

/** Routes that make a session. */
const MAKING = new Set(['/sessions', '/sessions/restore']);
/** Routes about what exists once, when no session is named. */
const ONCE = ['/webhooks', '/proxies'];
/** Routes that every worker answers for all sessions, from what they share. */
const ANYWHERE = new Set(['/events']);
/** How the routes of long polls end. */
const WAIT = '/wait';
/** In a form the session is named before its file; so much is looked through for it. */
const FORM_HEAD_BYTES = 256 * 1024;
const IN_FORM = /name="?sessionId"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n/;

/** To be called before the routes, and after what refuses a request without the API key. */
export function passOn(app: FastifyInstance, { find, passing }: Elsewhere): void {
  app.addHook('onClose', () => passing.close());
  // The body is read, unless it is a form, and nothing is checked yet: a request is checked once, where it is answered.
  app.addHook('preValidation', async (request, reply) => {
    const about = await aboutOf(request);
    if (!about) return;
    if (request.headers[PASSED_ON] !== undefined) return await refuseMoved(about, find);
    if (await answered(request, reply, () => find(about), passing)) return reply;
  });
  app.addHook('onRoute', (route) => {
    if (route.url.endsWith(WAIT)) route.handler = following(route.handler, find, passing);
  });
}

/** Passes a request on and answers it with what is said there; false when it is this worker's. */
async function answered(
  request: FastifyRequest,
  reply: FastifyReply,
  find: () => ReturnType<FindPlace>,
  passing: Passing,
): Promise<boolean> {
  const { method, headers, body, raw } = request;
  const given = request.isMultipart() ? raw : body === undefined || body === null ? null : JSON.stringify(body);
  const gone = new AbortController();
  // It ends at the other worker too; when all has been said that ends nothing.
  reply.raw.once('close', () => gone.abort());
  const path = () => (request.routeOptions.url?.endsWith(WAIT) ? shortened(request, reply) : (raw.url ?? '/'));
  const answer = await passing.answer(find, { method, path, headers, body: given, signal: gone.signal });
  if (answer === 'here') return false;
  await relay(reply, answer);
  return true;
}

/** A long poll about a session that moves while it waits here goes on where the session is by then. */
function following(wait: RouteHandlerMethod, find: FindPlace, passing: Passing): RouteHandlerMethod {
  return async function (this: FastifyInstance, request, reply) {
    for (;;) {
      try {
        return await wait.call(this, request, reply);
      } catch (thrown) {
        const isMoving = thrown instanceof RuntimeError && thrown.code === 'session_moving';
        const about = await aboutOf(request);
        if (!isMoving || !about || request.headers[PASSED_ON] !== undefined) throw thrown;
        if (await answered(request, reply, () => find(about), passing)) return reply;
        (request.query as { timeout: number }).timeout = secondsLeft(request, reply);
      }
    }
  };
}

/** Where the rest of a long poll is asked for. */
function shortened(request: FastifyRequest, reply: FastifyReply): string {
  const url = new URL(request.raw.url ?? '/', 'http://worker');
  url.searchParams.set('timeout', String(secondsLeft(request, reply)));
  return url.pathname + url.search;
}

function secondsLeft({ raw }: FastifyRequest, { elapsedTime }: FastifyReply): number {
  const given = new URL(raw.url ?? '/', 'http://worker').searchParams.get('timeout');
  return Math.max(0, Math.ceil(Number(given ?? DEFAULT_SECONDS) - elapsedTime / 1_000));
}

/** What the other workers say to the same question; nothing when one of them asks it. */
export async function askOthers<Data>(
  elsewhere: Elsewhere | undefined,
  { headers, raw }: FastifyRequest,
): Promise<Data[]> {
  if (!elsewhere || headers[PASSED_ON] !== undefined) return [];
  return await elsewhere.passing.all<Data>(elsewhere.others(), raw.url ?? '/', headers);
}

/** It was this worker's when it was sent here. */
async function refuseMoved(about: About, find: FindPlace): Promise<void> {
  if (about.what === 'new' || (await find(about)) === 'here') return;
  throw new RuntimeError('session_moving', { retryAfter: 1 });
}

async function relay(
  reply: FastifyReply,
  { statusCode, headers, body }: Exclude<Awaited<ReturnType<Passing['answer']>>, 'here'>,
) {
  return await reply.code(statusCode).headers(headers).send(body);
}

async function aboutOf(request: FastifyRequest): Promise<About | null> {
  const route = request.routeOptions.url;
  if (route === undefined || ANYWHERE.has(route)) return null;
  const named =
    idIn(request.params) ??
    idIn(request.query) ??
    (request.isMultipart() ? await idInForm(request) : idIn(request.body));
  if (request.method === 'POST' && MAKING.has(route)) return { what: 'new', id: named };
  if (named !== null) return { what: 'session', id: named };
  return ONCE.some((each) => route === each || route.startsWith(`${each}/`)) ? { what: 'once' } : null;
}

function idIn(fields: unknown): string | null {
  const id = (fields as { sessionId?: unknown } | null | undefined)?.sessionId;
  return typeof id === 'string' ? id : null;
}

/** Looks into what has come of a form and puts it back; null when no session is named before the file. */
async function idInForm({ raw }: FastifyRequest): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let head = Buffer.alloc(0);
  const look = () => {
    const part = raw.read() as Buffer | null;
    if (part) head = Buffer.concat([head, part]);
    const id = IN_FORM.exec(head.toString('latin1'))?.[1];
    if (id === undefined && head.length < FORM_HEAD_BYTES && !(part === null && raw.complete)) return;
    // To put it back is news to whoever listens.
    raw.off('readable', look);
    // At once: a stream that was read to its end ends on the next tick unless there is something in it.
    if (head.length > 0 && !raw.readableEnded) raw.unshift(head);
    resolve(id ?? null);
  };
  const ended = () => resolve(null);
  raw.on('readable', look).once('close', ended).once('end', ended);
  try {
    return await promise;
  } finally {
    raw.off('close', ended).off('end', ended);
  }
}
