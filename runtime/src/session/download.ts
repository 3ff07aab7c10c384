/** Gets files and pictures from WhatsApp's media hosts, through the session's proxy. */
import { RuntimeError, toError } from '../errors.ts';

/** WhatsApp's host for files, as its own web client asks (Utils/messages-media.js, DEF_MEDIA_HOST). */
const DEFAULT_HOST = 'mmg.whatsapp.net';
const ORIGIN = 'https://web.whatsapp.com';
/** What a media host answers when it does not have a file any more, or the path to it has expired. */
const GONE = new Set([403, 404, 410]);
const MAX_REDIRECTS = 3;

/** Where a file is. */
export interface RemotePlace {
  /** Path and query on a media host. */
  directPath: string;
  /** Somebody's word for where it is; only its host is of use. */
  url: string | null;
}

export interface DownloadOptions {
  /** For Node's own fetch; null when the session has no proxy. */
  dispatcher: object | null;
  /** The host may be silent for so long, ms. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Besides WhatsApp's own: the sandbox's media host is anywhere. */
  anyHost: boolean;
}

/** The bytes as the host has them. Throws `media_gone`, `media_unavailable`, and `unavailable` when the signal fires. */
export async function* download(file: RemotePlace, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { timeoutMs, signal } = options;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing came for ${timeoutMs} ms`)), timeoutMs);
  const patience = AbortSignal.any([signal, silence.signal]);
  try {
    const response = await get(placeOf(file, options.anyHost), options, patience);
    timer.refresh();
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      yield chunk as Uint8Array;
    }
  } catch (thrown) {
    if (thrown instanceof RuntimeError) throw thrown;
    if (signal.aborted) throw new RuntimeError('unavailable');
    throw unavailable(silence.signal.aborted ? toError(silence.signal.reason) : thrown);
  } finally {
    clearTimeout(timer);
    // Whoever stopped reading wants no more of it.
    silence.abort();
  }
}

async function get(
  start: URL,
  { dispatcher, anyHost }: Pick<DownloadOptions, 'dispatcher' | 'anyHost'>,
  signal: AbortSignal,
): Promise<Response> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const way = { redirect: 'manual', signal, headers: { origin: ORIGIN }, ...(dispatcher && { dispatcher }) };
    const response = await fetch(url, way as RequestInit);
    if (response.ok) return response;
    await response.body?.cancel();
    if (GONE.has(response.status)) throw new RuntimeError('media_gone');
    const next = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (next === null) throw unavailable(new Error(`the media host answered HTTP ${response.status}`));
    url = new URL(next, url);
    if (!mayAsk(url, anyHost)) throw unavailable(new Error('the media host sent us to another that is not WhatsApp'));
  }
  throw unavailable(new Error('the media host sent us in a circle'));
}

/**
 * Where the file is. Path and host come from who sent the message, and may not lead this runtime to any other place than
 * WhatsApp's own hosts.
 */
function placeOf({ directPath, url }: RemotePlace, anyHost: boolean): URL {
  const named = url ? URL.parse(url) : null;
  const host = named && mayAsk(named, anyHost) ? named.host : DEFAULT_HOST;
  const place = directPath.startsWith('/') ? URL.parse(`https://${host}${directPath}`) : null;
  if (!place || place.host !== host) throw new RuntimeError('media_corrupt', { details: ['its path is none'] });
  return place;
}

const mayAsk = (url: URL, anyHost: boolean): boolean =>
  url.protocol === 'https:' && (anyHost || (url.host === url.hostname && url.hostname.endsWith('.whatsapp.net')));

/** fetch() says only that it failed; what happened is in the causes. */
function unavailable(thrown: unknown): RuntimeError {
  const details: string[] = [];
  for (let each: unknown = thrown; each instanceof Error && details.length < 5; each = each.cause) {
    if (each.message) details.push(each.message);
  }
  return new RuntimeError('media_unavailable', { details, cause: thrown });
}
