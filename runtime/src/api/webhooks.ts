/** Webhook subscriptions: make, list, change, try out, remove. */
import { RuntimeError } from '../errors.ts';
import { parseAddressee, parseSessionId, parseWebhookId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, Deleted } from './schemas.ts';
import * as schemas from './webhook-schemas.ts';

export function webhookRoutes(app: Api, { sessions, webhooks, stopping }: ApiDeps): void {
  const params = schemas.WebhookParams;

  app.post(
    '/webhooks',
    {
      schema: {
        summary: 'Subscribe a URL to events',
        body: schemas.Subscribe,
        response: answers(201, schemas.NewSubscription),
      },
    },
    async ({ body }, reply) => {
      const { sessionId, tenantId, senders, events = ['message'], ...rest } = body;
      refuseBoth(sessionId, tenantId);
      const session = sessionId === undefined ? null : sessions.get(parseSessionId(sessionId)).id;
      const subscription = await webhooks.subscribe({
        ...{ ...rest, events, sessionId: session },
        ...(tenantId !== undefined && { tenantId }),
        ...(senders && { senders: senders.map(parseAddressee) }),
      });
      return reply.code(201).send(ok(subscription));
    },
  );

  app.get(
    '/webhooks',
    {
      schema: {
        summary: 'List subscriptions',
        querystring: schemas.SubscriptionQuery,
        response: answers(200, schemas.SubscriptionList),
      },
    },
    async ({ query: { sessionId, ...rest } }) => {
      const filter = { ...rest, ...(sessionId !== undefined && { sessionId: parseSessionId(sessionId) }) };
      return ok({ webhooks: await webhooks.list(filter) });
    },
  );

  app.get(
    '/webhooks/:webhookId',
    { schema: { summary: 'Get a subscription', params, response: answers(200, schemas.Subscription) } },
    async (request) => ok(await webhooks.get(parseWebhookId(request.params.webhookId))),
  );

  app.patch(
    '/webhooks/:webhookId',
    {
      schema: {
        summary: 'Change what a subscription hears of, pause it, or make it go on',
        params,
        body: schemas.ChangeSubscription,
        response: answers(200, schemas.Subscription),
      },
    },
    async (request) => {
      const { senders, ...rest } = request.body;
      const change = { ...rest, ...(senders && { senders: senders.map(parseAddressee) }) };
      return ok(await webhooks.change(parseWebhookId(request.params.webhookId), change));
    },
  );

  app.post(
    '/webhooks/:webhookId/secret',
    {
      schema: {
        summary: 'Give a subscription a new secret; the former one signs along for a day',
        params,
        response: answers(200, schemas.NewSubscription),
      },
    },
    async (request) => ok(await webhooks.rotateSecret(parseWebhookId(request.params.webhookId))),
  );

  app.post(
    '/webhooks/:webhookId/ping',
    {
      schema: {
        summary: 'Send a test event and tell what the receiver answered',
        params,
        response: answers(200, schemas.Attempt),
      },
    },
    async (request) => ok(await webhooks.ping(parseWebhookId(request.params.webhookId), stopping)),
  );

  app.delete(
    '/webhooks/:webhookId',
    { schema: { summary: 'Remove a subscription', params, response: answers(200, Deleted) } },
    async (request) => {
      await webhooks.unsubscribe(parseWebhookId(request.params.webhookId));
      return ok({ deleted: true as const });
    },
  );
}

/** A session belongs to one tenant already. */
export function refuseBoth(sessionId: string | undefined, tenantId: string | undefined): void {
  if (sessionId === undefined || tenantId === undefined) return;
  throw new RuntimeError('invalid_request', { details: ['tenantId: give either this or sessionId'] });
}
