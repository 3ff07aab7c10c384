/** What is about the runtime itself: health, the API's own description, the protocol report. */
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

export function systemRoutes(app: Api, { version, sandbox, protocol }: ApiDeps): void {
  app.get(
    '/health',
    { schema: { summary: 'Whether the runtime lives', security: [], response: schemas.answers(200, schemas.Health) } },
    () => ok({ status: 'ok' as const, version, sandbox }),
  );

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  app.get(
    '/protocol/report',
    { schema: { summary: 'What changed at WhatsApp', response: schemas.answers(200, schemas.ProtocolReport) } },
    () => ok(protocol.report()),
  );
}
