/** What is about the runtime itself: health, the API's own description, the protocol report. */
import { RuntimeError, toError } from '../errors.ts';
import { joinReports, type ProtocolReport } from '../protocol-monitor/protocol-monitor.ts';
import type { Api, ApiDeps } from './api.ts';
import { askOthers } from './elsewhere.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

export function systemRoutes(
  app: Api,
  { version, sandbox, protocol, sessions, stopping, tryWriting, elsewhere }: ApiDeps,
): void {
  app.get(
    '/health',
    { schema: { summary: 'Whether the runtime lives', security: [], response: schemas.answers(200, schemas.Health) } },
    () => ok({ status: 'ok' as const, version, sandbox }),
  );

  const summary =
    'Whether the runtime takes requests, can write to its disk, and every session saved has had its turn to connect; 503 if not';
  app.get('/ready', { schema: { summary, security: [], response: schemas.answers(200, schemas.Ready) } }, async () => {
    if (stopping.aborted) throw new RuntimeError('unavailable');
    await tryWriting().catch((thrown: unknown) => {
      // A store elsewhere says itself what is wrong with it.
      if (thrown instanceof RuntimeError) throw thrown;
      throw new RuntimeError('not_writable', { details: [toError(thrown).message] });
    });
    const left = sessions.starting();
    if (left > 0) throw new RuntimeError('starting', { details: [`${left} sessions are still to be started`] });
    return ok({ status: 'ready' as const });
  });

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  app.get(
    '/protocol/report',
    { schema: { summary: 'What changed at WhatsApp', response: schemas.answers(200, schemas.ProtocolReport) } },
    async (request) => ok(joinReports([protocol.report(), ...(await askOthers<ProtocolReport>(elsewhere, request))])),
  );
}
