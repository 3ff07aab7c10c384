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
  app.addHook('onRequest', async (request) => {
    if (STILL_ANSWERED.has(request.routeOptions.url ?? '')) return;
    if (signal.aborted) throw new RuntimeError('unavailable');
    inHand.add(request);
  });
  const finished = (request: FastifyRequest) => {
    inHand.delete(request);
    if (inHand.size === 0) changes.emit('none');
  };
  // There is an answer now; it is finished when it has been sent, or at once when the caller has gone.
  app.addHook('onSend', async (request, { raw }) => {
    if (raw.destroyed) finished(request);
    else raw.once('close', () => finished(request));
  });
  return {
    async done() {
      while (inHand.size > 0) await once(changes, 'none');
    },
  };
}
