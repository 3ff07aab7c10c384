/** One HTTP call to a receiver, told as what it means for the delivery. */
import { request } from 'undici';
import type { Egress } from '../proxy/proxy.ts';
import { parseRetryAfter, type Failure } from './retry.ts';

export type Answer = { kind: 'accepted' } | { kind: 'gone' } | ({ kind: 'failed' } & Failure);

export interface Call {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** How long the receiver may take. */
  timeout: number;
  now: () => number;
  /** The runtime stops: a call in hand is given little more time. */
  stopping: AbortSignal;
}

/** What is read of an answer's body before the connection is given up; its content has no meaning here. */
const ANSWER_LIMIT = 64 * 1024;
const FEWEST_STEPS = 20;
const LONGEST_STEP_MS = 500;
/** What a call in hand has left when the runtime stops. */
const STOPPING_MS = 3_000;

/** What a connection that was kept open says when the receiver closed it in the moment it was used. */
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Posts, following no redirect. Throws only when `stopping` has fired and the receiver has not answered soon after. */
export async function post(egress: Egress, call: Call): Promise<Answer> {
  const patience = waitFor(call.timeout, call.stopping);
  try {
    return await attempt(egress, call, patience.signal);
  } catch (error) {
    call.stopping.throwIfAborted();
    if (patience.signal.aborted) return { kind: 'failed', reason: 'timeout', overloaded: false, retryAfter: undefined };
    return { kind: 'failed', reason: nameOf(error), overloaded: false, retryAfter: undefined };
  } finally {
    patience.end();
  }
}

/** A connection that broke says nothing about the receiver: once more, by another one. */
async function attempt(egress: Egress, call: Call, signal: AbortSignal): Promise<Answer> {
  try {
    return await ask(egress, call, signal);
  } catch (error) {
    if (signal.aborted || !BROKEN.has(nameOf(error))) throw error;
    return await ask(egress, call, signal);
  }
}

async function ask(egress: Egress, { url, headers, body, now }: Call, signal: AbortSignal): Promise<Answer> {
  const target = new URL(url);
  const answer = await request(withoutCredentials(target), {
    method: 'POST',
    headers: { ...headers, ...credentialsOf(target) },
    body,
    dispatcher: egress.dispatcher,
    signal,
    // How long it may take is counted here alone.
    ...{ headersTimeout: 0, bodyTimeout: 0 },
  });
  // The status is the answer. A body that breaks off or never ends does not undo it.
  await answer.body.dump({ limit: ANSWER_LIMIT, signal }).catch(() => undefined);
  return meaning(answer.statusCode, answer.headers['retry-after'], now());
}

/**
 * Aborts after so many ms, or soon after `stopping`. Counted in steps: time in which this process itself stood still is
 * not the receiver's, whose answer may be waiting to be read.
 */
function waitFor(ms: number, stopping: AbortSignal) {
  const late = new AbortController();
  const step = Math.min(LONGEST_STEP_MS, ms / FEWEST_STEPS);
  let left = ms;
  const timer = setInterval(() => {
    left = stopping.aborted ? Math.min(left, STOPPING_MS) - step : left - step;
    // Answers that have come are read between now and then.
    if (left <= 0) setImmediate(() => late.abort());
  }, step);
  return { signal: late.signal, end: () => clearInterval(timer) };
}

function meaning(status: number, retryAfter: string | string[] | undefined, now: number): Answer {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 410) return { kind: 'gone' };
  const [asked] = [retryAfter].flat();
  return {
    kind: 'failed',
    reason: `http_${status}`,
    overloaded: status === 429,
    retryAfter: parseRetryAfter(asked, now),
  };
}

/** A short stable name such as `ECONNREFUSED` or `address_not_allowed`; messages could carry the address. */
function nameOf(thrown: unknown): string {
  const named = typeof thrown === 'object' && thrown !== null ? (thrown as { code?: unknown; name?: unknown }) : {};
  return [named.code, named.name].find((name) => typeof name === 'string') ?? 'unknown';
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

/** A user and password in the URL are sent as the receiver expects them, and appear nowhere else. */
function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
