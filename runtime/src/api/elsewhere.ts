/** Whose request is it: what another worker is to answer is passed on before anything is done for it here. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PASSED_ON, type About, type FindPlace, type Passing } from '../cluster/cluster.ts';
import { RuntimeError } from '../errors.ts';

export interface Elsewhere {
  find: FindPlace;
  /** Where all other workers are. */
  others(): string[];
  passing: Passing;
}

/** Routes that make a session. */
const MAKING = new Set(['/sessions', '/sessions/restore']);
/** Routes about what exists once, when no session is named. */
const ONCE = ['/webhooks', '/proxies', '/protocol'];
/** Routes that every worker answers for all sessions, from what they share. */
const ANYWHERE = new Set(['/events']);
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
    const { method, headers, body, raw } = request;
    const given = request.isMultipart() ? raw : body === undefined || body === null ? null : JSON.stringify(body);
    const gone = new AbortController();
    // It ends at the other worker too; when all has been said that ends nothing.
    reply.raw.once('close', () => gone.abort());
    const answer = await passing.answer(() => find(about), {
      method,
      path: raw.url ?? '/',
      headers,
      body: given,
      signal: gone.signal,
    });
    if (answer === 'here') return;
    return await relay(reply, answer);
  });
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
