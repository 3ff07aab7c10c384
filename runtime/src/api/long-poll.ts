/** A long poll ends when its time is over, when the caller has gone, or when the runtime stops. */
import type { FastifyRequest } from 'fastify';

const DEFAULT_SECONDS = 30;

export function pollSignal(request: FastifyRequest, stopping: AbortSignal, seconds = DEFAULT_SECONDS): AbortSignal {
  const gone = new AbortController();
  request.raw.once('close', () => {
    // 'close' also comes when the body has been read; only a destroyed connection means that nobody waits any more.
    if (request.raw.destroyed && request.socket.destroyed) gone.abort();
  });
  return AbortSignal.any([AbortSignal.timeout(seconds * 1_000), stopping, gone.signal]);
}
