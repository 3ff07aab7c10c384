/**
 * Files by their URL: fetched by a guarded way, so that no URL, redirect or name leads into a private network; in a stream, within a
 * time, and no longer than they may be.
 */
import { request, type Dispatcher } from 'undici';
import { RuntimeError, toError, type ErrorCode } from '../errors.ts';

/** A way to addresses that users name, for one fetch (the proxy room makes it). */
export interface FetchWay {
  /** Throws `invalid` for what is no http or https URL, and `address_not_allowed`. */
  check(url: string, invalid: ErrorCode): void;
  dispatcher: Dispatcher;
  close(): Promise<void>;
}

export interface Fetched {
  /** Throws `file_not_fetched` when it breaks off. */
  bytes: AsyncIterable<Uint8Array>;
  /** What the server says it is. */
  mimetype: string | undefined;
  charset: string | undefined;
  fileName: string | undefined;
  /** Where it was in the end. */
  url: URL;
  /** Ends the fetch, read to the end or not. */
  close(): void;
}

export interface FetchLimits {
  maxBytes: number;
  /** From the beginning to the last byte. */
  timeoutMs: number;
  /** What is longer is cut off instead of refused. */
  cut?: boolean;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Read of an answer that is not the file, before its connection is given up. */
const DUMP_BYTES = 16 * 1024;

/**
 * Follows redirects and begins to read. Throws `invalid_file_url`, `address_not_allowed`, `file_too_large`, `file_not_fetched`.
 * The way must stay open until the bytes are read.
 */
export async function fetchFile(way: FetchWay, address: string, limits: FetchLimits): Promise<Fetched> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  const late = () => signal.aborted;
  let url = parse(way, address);
  const credentials = credentialsOf(url);
  const { origin } = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const answer = await ask(way, url, url.origin === origin ? credentials : {}, signal).catch((error: unknown) => {
      throw notFetched(error, late());
    });
    const location = oneOf(answer.headers['location']);
    if (!REDIRECTS.has(answer.statusCode) || location === undefined) return read(answer, url, limits, late);
    await answer.body.dump({ limit: DUMP_BYTES, signal }).catch(() => undefined);
    url = parse(way, location, url);
  }
  throw failed(`more than ${MAX_REDIRECTS} redirects`);
}

function parse(way: FetchWay, text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  way.check(url?.href ?? text, 'invalid_file_url');
  if (!url) throw new RuntimeError('invalid_file_url');
  return url;
}

function ask(way: FetchWay, url: URL, credentials: Record<string, string>, signal: AbortSignal) {
  const bare = new URL(url);
  bare.username = bare.password = bare.hash = '';
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'whatsapp-runtime', ...credentials };
  return request(bare, { dispatcher: way.dispatcher, headers, signal });
}

function read(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  { maxBytes, cut = false }: FetchLimits,
  late: () => boolean,
): Fetched {
  const close = () => void body.on('error', () => undefined).destroy();
  const refused = refusal(statusCode, headers, cut ? Infinity : maxBytes);
  if (refused) {
    close();
    throw refused;
  }
  const type = oneOf(headers['content-type']) ?? '';
  return {
    bytes: cut ? beginningOf(watched(body, late), maxBytes) : watched(body, late),
    mimetype: /^[^;\s]+/.exec(type)?.[0].toLowerCase(),
    charset: /;\s*charset="?([^";\s]+)/i.exec(type)?.[1],
    fileName: nameIn(oneOf(headers['content-disposition'])) ?? nameOf(url),
    ...{ url, close },
  };
}

/** Why what a server answers is not read; null when it is. */
function refusal(status: number, headers: Dispatcher.ResponseData['headers'], maxBytes: number): RuntimeError | null {
  if (status !== 200) return failed(`the server answered HTTP ${status}`);
  const encoding = oneOf(headers['content-encoding']) ?? 'identity';
  if (encoding !== 'identity') return failed(`the server sent it as ${encoding}, which was not asked for`);
  return Number(oneOf(headers['content-length']) ?? 0) > maxBytes ? new RuntimeError('file_too_large') : null;
}

async function* beginningOf(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let left = maxBytes;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* watched(body: AsyncIterable<Uint8Array>, late: () => boolean): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw notFetched(error, late());
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

const failed = (why: string, cause?: unknown) => new RuntimeError('file_not_fetched', { details: [why], cause });

/** A short reason without the address, which can hold secrets. */
function notFetched(thrown: unknown, late: boolean): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown;
  if (late) return failed('it took too long');
  const error = toError(thrown) as Error & { code?: unknown };
  if (error.name === 'ProxyError') return failed(error.message, error);
  return failed(typeof error.code === 'string' ? error.code : 'the connection broke', error);
}

function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

const oneOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

/** `filename*` in UTF-8, or `filename`. */
function nameIn(disposition: string | undefined): string | undefined {
  const [, encoded] = /filename\*\s*=\s*utf-8''([^;]+)/i.exec(disposition ?? '') ?? [];
  if (encoded !== undefined) return decoded(encoded);
  const [, quoted, plain] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition ?? '') ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? plain;
}

const nameOf = ({ pathname }: URL): string | undefined => decoded(pathname.split('/').at(-1) ?? '') || undefined;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
