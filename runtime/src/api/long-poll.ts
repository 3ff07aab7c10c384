/** A long poll ends when its time is over, when the caller has gone, or when the runtime stops. */
import type { FastifyRequest } from 'fastify';

/** What a long poll waits when it does not say. */
export const DEFAULT_SECONDS = 30;

export const pollSignal = (request: FastifyRequest, stopping: AbortSignal, seconds = DEFAULT_SECONDS): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(seconds * 1_000), stopping, callerGone(request)]);

/** Aborts when nobody waits for the answer any more. */
export function callerGone(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.once('close', () => {
    // 'close' also comes when the body has been read; only a destroyed connection means that nobody waits any more.
    if (request.raw.destroyed && request.socket.destroyed) gone.abort();
  });
  return gone.signal;
}
