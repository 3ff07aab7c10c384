/** Prometheus metrics, on a port of their own so that they are not reachable where the API is. */
import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics.ts';

export function createMetricsServer({ registry, scrape }: Metrics): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await scrape()));
  return app;
}
