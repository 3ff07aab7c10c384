/** Between workers: the one that delivers webhooks tells the one that holds a session of trouble with what it told. */
import { Type } from 'typebox';
import { parseEventId, parseSessionId, parseWebhookId } from '../ids.ts';
import type { TroubleReport } from '../webhook/webhook.ts';
import type { Api } from './api.ts';
import { ok } from './replies.ts';
import { closed, SessionParams } from './schemas.ts';

const Trouble = Type.Object(
  {
    ...{ webhook: Type.String(), event: Type.String(), over: Type.Boolean() },
    trouble: Type.Unsafe<TroubleReport['trouble']>(Type.Enum(['failing', 'gave_up'])),
  },
  closed,
);

/** The path for what is not of the API's callers. */
export const troublePath = (sessionId: string): string => `/sessions/${sessionId}/webhook-troubles`;

export function troubleRoutes(app: Api, onTrouble: (report: TroubleReport) => Promise<void>): void {
  app.post(
    troublePath(':sessionId'),
    { schema: { hide: true, params: SessionParams, body: Trouble } },
    async ({ params, body }) => {
      const { webhook, event, ...trouble } = body;
      const about = { webhook: parseWebhookId(webhook), event: parseEventId(event) };
      await onTrouble({ ...trouble, ...about, session: parseSessionId(params.sessionId) });
      return ok({});
    },
  );
}
