/** One HTTP call to a receiver, told as what it means for the delivery. */
import { request } from 'undici';
import type { Egress } from '../proxy/proxy.ts';
import { parseRetryAfter, type Failure } from './retry.ts';

/** One try of a delivery. */
export interface Attempt {
  /** When it began, ms since 1970. */
  at: number;
  /** How long it took, ms. */
  ms: number;
  /** The HTTP status of the answer; null when there was none. */
  status: number | null;
  /** Why it failed; null when the receiver took the delivery. */
  reason: string | null;
  /** The beginning of what the receiver said. */
  answer: string | null;
}

/** What a call came to: a `reason` is a failure. */
export interface Answer extends Failure {
  reason: string | null;
  status: number | null;
  attempt: Attempt;
}

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

/** What is read of an answer's body before the connection is given up, and what is kept to be shown. */
const ANSWER_LIMIT = 64 * 1024;
const ANSWER_SHOWN = 1_024;
const FEWEST_STEPS = 20;
const LONGEST_STEP_MS = 500;
/** What a call in hand has left when the runtime stops. */
const STOPPING_MS = 3_000;

/** What a connection that was kept open says when the receiver closed it in the moment it was used. */
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Posts, following no redirect. Throws only when `stopping` has fired and the receiver has not answered soon after. */
export async function post(egress: Egress, call: Call): Promise<Answer> {
  const [at, began] = [call.now(), performance.now()];
  const patience = waitFor(call.timeout, call.stopping);
  const told = (heard: Heard): Answer => {
    const { status, reason, answer } = heard;
    return { ...heard, attempt: { at, ms: Math.round(performance.now() - began), status, reason, answer } };
  };
  try {
    return told(await askTwice(egress, call, patience.signal));
  } catch (error) {
    call.stopping.throwIfAborted();
    return told({ ...SILENCE, reason: patience.signal.aborted ? 'timeout' : nameOf(error) });
  } finally {
    patience.end();
  }
}

type Heard = Omit<Answer, 'attempt'> & { answer: string | null };

const SILENCE = { status: null, overloaded: false, retryAfter: undefined, answer: null };

/** A connection that broke says nothing about the receiver: once more, by another one. */
async function askTwice(egress: Egress, call: Call, signal: AbortSignal): Promise<Heard> {
  try {
    return await ask(egress, call, signal);
  } catch (error) {
    if (signal.aborted || !BROKEN.has(nameOf(error))) throw error;
    return await ask(egress, call, signal);
  }
}

async function ask(egress: Egress, { url, headers, body, now }: Call, signal: AbortSignal): Promise<Heard> {
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
  const said = await beginningOf(answer.body);
  return { ...meaning(answer.statusCode, answer.headers['retry-after'], now()), answer: said };
}

/** The status is the answer. A body that breaks off or never ends does not undo it. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string | null> {
  const kept: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of body) {
      if (read < ANSWER_SHOWN) kept.push(chunk.subarray(0, ANSWER_SHOWN - read));
      read += chunk.length;
      if (read > ANSWER_LIMIT) break;
    }
  } catch {
    // What came before is what there is.
  }
  return kept.length === 0 ? null : Buffer.concat(kept).toString();
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

function meaning(status: number, retryAfter: string | string[] | undefined, now: number): Omit<Heard, 'answer'> {
  if (status >= 200 && status < 300) return { ...SILENCE, status, reason: null };
  const [asked] = [retryAfter].flat();
  return { status, reason: `http_${status}`, overloaded: status === 429, retryAfter: parseRetryAfter(asked, now) };
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
