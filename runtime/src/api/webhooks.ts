/** Webhook subscriptions: make, list, remove. */
import { parseSessionId, parseWebhookId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

export function webhookRoutes(app: Api, { sessions, webhooks }: ApiDeps): void {
  const params = schemas.WebhookParams;

  app.post(
    '/webhooks',
    {
      schema: {
        summary: 'Subscribe a URL to events',
        body: schemas.Subscribe,
        response: schemas.answers(201, schemas.NewSubscription),
      },
    },
    async (request, reply) => {
      const { url, sessionId, events = ['message'] } = request.body;
      const session = sessionId === undefined ? null : sessions.get(parseSessionId(sessionId)).id;
      return reply.code(201).send(ok(await webhooks.subscribe({ url, sessionId: session, events })));
    },
  );

  app.get(
    '/webhooks',
    {
      schema: {
        summary: 'List subscriptions',
        querystring: schemas.SubscriptionQuery,
        response: schemas.answers(200, schemas.SubscriptionList),
      },
    },
    async (request) => {
      const { url, sessionId } = request.query;
      const filter = {
        ...(url !== undefined && { url }),
        ...(sessionId !== undefined && { sessionId: parseSessionId(sessionId) }),
      };
      return ok({ webhooks: await webhooks.list(filter) });
    },
  );

  app.get(
    '/webhooks/:webhookId',
    { schema: { summary: 'Get a subscription', params, response: schemas.answers(200, schemas.Subscription) } },
    async (request) => ok(await webhooks.get(parseWebhookId(request.params.webhookId))),
  );

  app.delete(
    '/webhooks/:webhookId',
    { schema: { summary: 'Remove a subscription', params, response: schemas.answers(200, schemas.Deleted) } },
    async (request) => {
      await webhooks.unsubscribe(parseWebhookId(request.params.webhookId));
      return ok({ deleted: true as const });
    },
  );
}
