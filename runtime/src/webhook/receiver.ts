/** One HTTP call to a receiver, told as what it means for the delivery. */
import { request } from 'undici';
import type { Egress } from '../proxy/proxy.ts';
import { parseRetryAfter, type Failure } from './retry.ts';

export type Answer = { kind: 'accepted' } | { kind: 'gone' } | ({ kind: 'failed' } & Failure);

export interface Call {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeout: number;
  now: () => number;
}

/** What is read of an answer's body before the connection is given up; its content has no meaning here. */
const ANSWER_LIMIT = 64 * 1024;

/** Posts once, following no redirect; never throws. */
export async function post(egress: Egress, { url, headers, body, timeout, now }: Call): Promise<Answer> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeout);
  const target = new URL(url);
  try {
    const answer = await request(withoutCredentials(target), {
      method: 'POST',
      headers: { ...headers, ...credentialsOf(target) },
      body,
      dispatcher: egress.dispatcher,
      signal: late.signal,
    });
    // The status is the answer. A body that breaks off or never ends does not undo it.
    await answer.body.dump({ limit: ANSWER_LIMIT, signal: late.signal }).catch(() => undefined);
    return meaning(answer.statusCode, answer.headers['retry-after'], now());
  } catch (error) {
    if (late.signal.aborted) return { kind: 'failed', reason: 'timeout', overloaded: true, retryAfter: undefined };
    return { kind: 'failed', reason: nameOf(error), overloaded: false, retryAfter: undefined };
  } finally {
    clearTimeout(timer);
  }
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
