/**
 * What the API does while the runtime stops: new requests are refused, those in hand are finished, and whoever asks whether
 * the runtime lives or is ready is still told.
 */
import { EventEmitter, once } from 'node:events';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RuntimeError } from '../errors.ts';

/** What says how the runtime is, which is of interest just then. */
const STILL_ANSWERED = new Set(['/health', '/ready']);

/** Resolves when no request is in hand. To be made before the routes; `signal` aborts when the runtime stops. */
export function finishRequests(app: FastifyInstance, signal: AbortSignal): { done(): Promise<void> } {
  const inHand = new Set<FastifyRequest>();
  const changes = new EventEmitter();
  let closing = false;
  const end = (request: FastifyRequest) => {
    inHand.delete(request);
    if (inHand.size === 0) changes.emit('none');
    // Fastify closes the connections that are idle when it is closed, but not those that become so a moment later.
    if (closing) app.server.closeIdleConnections();
  };
  app.addHook('onRequest', async (request, { raw }) => {
    if (STILL_ANSWERED.has(request.routeOptions.url ?? '')) return;
    if (signal.aborted) throw new RuntimeError('unavailable');
    inHand.add(request);
    // A stream whose reader has gone halfway is told of here alone.
    raw.once('close', () => {
      if (raw.headersSent) end(request);
    });
  });
  // Also when the caller has gone before the answer.
  app.addHook('onResponse', async (request) => end(request));
  app.addHook('preClose', async () => {
    closing = true;
  });
  return {
    async done() {
      while (inHand.size > 0) await once(changes, 'none');
    },
  };
}
