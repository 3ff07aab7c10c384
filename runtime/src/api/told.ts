/** Between workers: what one finds out about a session that another holds is told to that one, which tells who listens. */
import { Type } from 'typebox';
import { parseEventId, parseSessionId, parseWebhookId, type SessionId } from '../ids.ts';
import { PROTOCOL_ALERT_CODES, type ProtocolAlert } from '../protocol-monitor/protocol-monitor.ts';
import type { TroubleReport } from '../webhook/webhook.ts';
import type { Api } from './api.ts';
import { ok } from './replies.ts';
import { closed, SessionParams } from './schemas.ts';

/** What is told of a webhook, by whichever worker delivers. */
export type Trouble = Omit<TroubleReport, 'session'>;

/** Resolves when it is durable, or there is no such session any more. */
export interface Told {
  trouble(session: SessionId, trouble: Trouble): Promise<void>;
  protocolAlert(session: SessionId, alert: ProtocolAlert): Promise<void>;
}

const TroubleBody = Type.Object(
  {
    ...{ webhook: Type.String(), event: Type.String(), over: Type.Boolean() },
    trouble: Type.Unsafe<TroubleReport['trouble']>(Type.Enum(['failing', 'gave_up'])),
  },
  closed,
);
const AlertBody = Type.Object(
  {
    code: Type.Unsafe<ProtocolAlert['code']>(Type.Enum([...PROTOCOL_ALERT_CODES])),
    state: Type.Unsafe<ProtocolAlert['state']>(Type.Enum(['firing', 'resolved'])),
    ...{ subject: Type.String(), since: Type.Number(), action: Type.String() },
  },
  closed,
);

/** The paths for what is not of the API's callers. */
export const toldPaths = {
  trouble: (sessionId: string): string => `/sessions/${sessionId}/webhook-troubles`,
  protocolAlert: (sessionId: string): string => `/sessions/${sessionId}/protocol-alerts`,
};

export function toldRoutes(app: Api, told: Told): void {
  app.post(
    toldPaths.trouble(':sessionId'),
    { schema: { hide: true, params: SessionParams, body: TroubleBody } },
    async ({ params, body: { webhook, event, ...trouble } }) => {
      const about = { webhook: parseWebhookId(webhook), event: parseEventId(event) };
      await told.trouble(parseSessionId(params.sessionId), { ...trouble, ...about });
      return ok({});
    },
  );
  app.post(
    toldPaths.protocolAlert(':sessionId'),
    { schema: { hide: true, params: SessionParams, body: AlertBody } },
    async ({ params, body }) => {
      await told.protocolAlert(parseSessionId(params.sessionId), body);
      return ok({});
    },
  );
}
