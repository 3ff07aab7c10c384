/** What became of each event on its way to a webhook, and telling it again. */
import { RuntimeError } from '../errors.ts';
import { parseEventId, parseWebhookId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers } from './schemas.ts';
import * as schemas from './webhook-schemas.ts';

export function deliveryRoutes(app: Api, { webhooks }: ApiDeps): void {
  const params = schemas.DeliveryParams;

  app.get(
    '/webhooks/:webhookId/deliveries',
    {
      schema: {
        summary: "List a subscription's deliveries, the newest first",
        params: schemas.WebhookParams,
        querystring: schemas.DeliveryQuery,
        response: answers(200, schemas.DeliveryList),
      },
    },
    async (request) => ok(await webhooks.deliveries(parseWebhookId(request.params.webhookId), request.query)),
  );

  app.get(
    '/webhooks/:webhookId/deliveries/:eventId',
    {
      schema: {
        summary: 'Get a delivery with its attempts',
        params,
        response: answers(200, schemas.DeliveryDetails),
      },
    },
    async (request) => {
      const { webhookId, eventId } = request.params;
      const found = await webhooks.delivery(parseWebhookId(webhookId), parseEventId(eventId));
      if (!found) throw new RuntimeError('event_not_found');
      return ok(found);
    },
  );

  app.post(
    '/webhooks/:webhookId/deliveries/:eventId/redrive',
    {
      schema: {
        summary: 'Deliver an event again that was given up',
        params,
        response: answers(200, schemas.Redriven),
      },
    },
    async (request) => {
      const { webhookId, eventId } = request.params;
      const redriven = await webhooks.redrive(parseWebhookId(webhookId), parseEventId(eventId));
      return ok({ redriven: redriven ? 1 : 0 });
    },
  );

  app.post(
    '/webhooks/:webhookId/redrive',
    {
      schema: {
        summary: 'Deliver everything again that was given up',
        params: schemas.WebhookParams,
        response: answers(200, schemas.Redriven),
      },
    },
    async (request) => ok({ redriven: await webhooks.redriveAll(parseWebhookId(request.params.webhookId)) }),
  );

  app.post(
    '/webhooks/:webhookId/replay',
    {
      schema: {
        summary: 'Deliver events of the last seven days again, whether they were delivered or not',
        params: schemas.WebhookParams,
        body: schemas.Replay,
        response: answers(200, schemas.Replayed),
      },
    },
    async (request) => ok(await webhooks.replay(parseWebhookId(request.params.webhookId), request.body)),
  );
}
