/** Every route but the public ones wants the API key as a bearer token; compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { RuntimeError } from '../errors.ts';

const PUBLIC = new Set(['/health', '/ready', '/openapi.json']);
const digest = (text: string) => createHash('sha256').update(text).digest();

export function requireKey(app: FastifyInstance, apiKey: string): void {
  // Digests have one length, so comparing them tells nothing about the key's.
  const expected = digest(`Bearer ${apiKey}`);
  app.addHook('onRequest', async (request) => {
    if (PUBLIC.has(request.routeOptions.url ?? '')) return;
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) throw new RuntimeError('unauthorized');
  });
}
