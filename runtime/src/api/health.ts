/** How a session does (spec 8.3). */
import { Type } from 'typebox';
import { parseSessionId } from '../ids.ts';
import { healthOf } from '../watchdog/watchdog.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, orNull, SessionParams, Status } from './schemas.ts';

const DAY_MS = 24 * 3_600_000;

const SessionHealth = Type.Object({
  status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')], {
    description: 'Works; works on it by itself; somebody has to do something.',
  }),
  connection: Status,
  verdict: Type.Object({ message: Type.String(), action: Type.String() }, { description: 'In words.' }),
  lastActivity: orNull(
    Type.String({ description: 'When anything last came from WhatsApp, ISO 8601; null without a connection.' }),
  ),
  reconnectAttempts: Type.Integer(),
  messagesLast24h: Type.Object({ sent: Type.Integer(), received: Type.Integer(), failed: Type.Integer() }),
  proxyStatus: Type.Union([Type.Literal('connected'), Type.Literal('error'), Type.Literal('unknown')], {
    description: 'unknown: it has no proxy, or is not connected for another reason.',
  }),
});

export function healthRoutes(app: Api, { sessions, webhooks }: ApiDeps): void {
  app.get(
    '/sessions/:sessionId/health',
    {
      schema: {
        summary: 'How a session does, and what to do about it',
        params: SessionParams,
        response: answers(200, SessionHealth),
      },
    },
    async (request) => {
      const session = sessions.get(parseSessionId(request.params.sessionId));
      const now = Date.now();
      const messagesLast24h = await webhooks.countMessages(session.id, now - DAY_MS);
      return ok({ ...healthOf(session, now), messagesLast24h });
    },
  );
}
