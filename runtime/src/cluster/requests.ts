/**
 * Requests that another worker is to answer: passed on over HTTP as they are, and its answer streams back. Asked again is only what
 * the other worker has certainly not begun; of the rest the caller is told, and may repeat it with its Idempotency-Key.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { Agent, request as ask, type Dispatcher } from 'undici';
import { RuntimeError, type ErrorCode } from '../errors.ts';
import { sleepUnlessAborted } from '../time.ts';

/** What a request is about, which says who answers it. */
export type About =
  | { what: 'session'; id: string } /** A session that is to be made. */
  | { what: 'new'; id: string | null } /** What exists once. */
  | { what: 'once' };

/** Another worker that answers, as far as is known. */
export interface Place {
  url: string;
  /** Whether it is still the one. */
  isStillRight(): Promise<boolean>;
}

/** Says who answers; null when nobody does just now. */
export type FindPlace = (about: About) => Promise<Place | 'here' | null>;

export interface PassedRequest {
  method: string;
  /** With its query; asked each time it is sent. */
  path: () => string;
  headers: IncomingHttpHeaders;
  /** A stream can be sent only once. */
  body: string | Readable | null;
  /** The caller has gone. */
  signal: AbortSignal;
}

export type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** Who sends this has found out already whose the request is; it comes with the API key, like all else. */
export const PASSED_ON = 'x-passed-on-by-worker';

/** A killed worker's sessions come back later than this; who waits for them is told to ask again. */
const PATIENCE_MS = 5_000;
const LOOK_AGAIN_MS = 200;
const RETRY_AFTER_SECONDS = 3;
const WATCH_EVERY_MS = 1_000;
const CONNECT_MS = 2_000;
/** Nothing was begun when no connection was made. */
const NOT_REACHED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']);
/** With these it was refused before anything was done for it. */
const NOT_BEGUN: ReadonlySet<string> = new Set<ErrorCode>(['unavailable', 'session_moving']);
/** Of the connection, not of what is said by it (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'proxy-connection',
  'expect',
];

export class Passing {
  /** A long poll is silent for long. */
  readonly #agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: 0, bodyTimeout: 0 });

  /** The answer of whose request it is, or `here` when that is this worker, perhaps by now. Throws `session_moving`. */
  async answer(find: () => ReturnType<FindPlace>, request: PassedRequest): Promise<Answer | 'here'> {
    let until = performance.now() + PATIENCE_MS;
    do {
      const place = await find();
      if (place === 'here') return 'here';
      const asked = performance.now();
      const answer = place && (await this.#ask(place, request));
      if (answer) return answer;
      // It has waited there, and its session moves only now.
      if (performance.now() - asked > PATIENCE_MS) until = performance.now() + PATIENCE_MS;
      if (place && request.body !== null && typeof request.body !== 'string') break;
    } while (performance.now() < until && (await sleepUnlessAborted(LOOK_AGAIN_MS, request.signal)));
    throw moving();
  }

  /** The answers of several workers to the same question. Throws `session_moving` with the names of those that give none in time. */
  async all<Data>(urls: readonly string[], path: string, headers: IncomingHttpHeaders): Promise<Data[]> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const asked = urls.map(async (url) => {
      const { statusCode, body } = await ask(new URL(path, url), {
        ...{ signal, dispatcher: this.#agent, headers: { ...endToEnd(headers, true), [PASSED_ON]: '1' } },
      });
      const answer = (await body.json()) as { data: Data };
      if (statusCode !== 200) throw new Error(`it answered with ${statusCode}`);
      return answer.data;
    });
    const answers = await Promise.allSettled(asked);
    const silent = urls.filter((_, at) => answers[at]?.status === 'rejected');
    const details = silent.map((url) => `the worker at ${url} does not answer`);
    if (silent.length > 0) throw new RuntimeError('session_moving', { retryAfter: RETRY_AFTER_SECONDS, details });
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Null when it has certainly not been begun there, or asks for nothing that could be done twice. */
  async #ask(place: Place, { method, path, headers, body, signal }: PassedRequest): Promise<Answer | null> {
    const gone = new AbortController();
    const watching = setInterval(() => {
      place.isStillRight().then(
        (right) => right || gone.abort(),
        // Redis does not answer: the other worker may.
        () => undefined,
      );
    }, WATCH_EVERY_MS);
    try {
      const answer = await ask(new URL(path(), place.url), {
        ...{ method: method as Dispatcher.HttpMethod, body, dispatcher: this.#agent },
        headers: { ...endToEnd(headers, typeof body === 'string'), [PASSED_ON]: '1' },
        signal: AbortSignal.any([signal, gone.signal]),
      });
      return answer.statusCode === 503 ? await begun(answer) : { ...answer, headers: endToEnd(answer.headers, false) };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const { code = '' } = thrown as NodeJS.ErrnoException;
      if (method === 'GET' || method === 'HEAD' || NOT_REACHED.has(code)) return null;
      throw moving(thrown);
    } finally {
      clearInterval(watching);
    }
  }
}

const moving = (cause?: unknown) => new RuntimeError('session_moving', { retryAfter: RETRY_AFTER_SECONDS, cause });

/** Null when it was refused before anything was done. */
async function begun(answer: Answer): Promise<Answer | null> {
  const text = await answer.body.text();
  const refusal = NOT_BEGUN.has(codeIn(text));
  if (refusal) return null;
  return { ...answer, headers: endToEnd(answer.headers, false), body: Readable.from([text]) as Answer['body'] };
}

function codeIn(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? '';
  } catch {
    return '';
  }
}

function endToEnd(headers: IncomingHttpHeaders, rewritten: boolean): IncomingHttpHeaders {
  const dropped = new Set([...HOP_BY_HOP, 'host', ...(rewritten ? ['content-length'] : [])]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
