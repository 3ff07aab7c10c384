/**
 * Tries a proxy out: through it to WhatsApp's own server, as a session goes, as far as the first answer. Any answer of that
 * server will do; by `https` it has shown its certificate before. Nothing is logged in, nothing is said of any account.
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { toError } from '../errors.ts';
import { ProxyError } from './tunnel.ts';
import { openWayOut } from './way-out.ts';

export interface ProbeResult {
  ok: boolean;
  /** From the first step to the answer, ms; null when there was none. */
  latencyMs: number | null;
  /** Why it does not work, for people and without what is secret; null when it does. */
  error: string | null;
}

export interface ProbeOptions {
  /** The WebSocket address of WhatsApp, or of a sandbox. */
  endpoint: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Never rejects for anything the proxy does. Throws `invalid_proxy_url`. */
export async function probe(proxyUrl: string, { endpoint, timeoutMs, signal }: ProbeOptions): Promise<ProbeResult> {
  const began = performance.now();
  const url = new URL('/', endpoint.replace(/^ws/, 'http'));
  const wayOut = openWayOut(proxyUrl, timeoutMs);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = ask(url, { method: 'HEAD', agent: wayOut.agent, signal: AbortSignal.any([late, signal]) });
    // What comes after the answer is of no interest.
    request.on('error', () => undefined).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.destroy();
    return { ok: true, latencyMs: Math.round(performance.now() - began), error: null };
  } catch (thrown) {
    return { ok: false, latencyMs: null, error: explained(toError(thrown), late.aborted ? timeoutMs : null) };
  } finally {
    await wayOut.close();
  }
}

function explained(error: Error, lateMs: number | null): string {
  if (error instanceof ProxyError) return error.message;
  if (lateMs !== null) return `WhatsApp did not answer through the proxy within ${lateMs} ms`;
  return `WhatsApp could not be reached through the proxy: ${error.message}`;
}
