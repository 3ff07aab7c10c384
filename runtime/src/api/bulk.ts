/** One text to each of many people, as one order. */
import { Type } from 'typebox';
import { parseBulkId, parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { requireProfile } from './profile.ts';
import { ok } from './replies.ts';
import { answers, closed, Humanization, IdempotencyHeaders, orNull, Time } from './schemas.ts';

const LONGEST_PAUSE_MS = 24 * 3_600_000;
const BATCH_SIZE = 10;
const BATCH_DELAY_MS = 60_000;
const PAGE = 100;

const Pause = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: LONGEST_PAUSE_MS, description: `${description}, ms.` }));

const SendBulk = Type.Object(
  {
    sessionId: Type.String(),
    messages: Type.Array(
      Type.Object(
        {
          to: Type.String({ description: 'A phone number with country code, or an address from an event.' }),
          text: Type.String({ minLength: 1, maxLength: 65_536 }),
          delay: Pause('Pause after this message, beside what pacing takes; default 0'),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1_000 },
    ),
    batchSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: `Default ${BATCH_SIZE}.` })),
    batchDelay: Pause(`A longer pause after so many messages; default ${BATCH_DELAY_MS}`),
    humanize: Type.Optional(Type.Boolean({ description: 'False sends without typing; the limits hold all the same.' })),
    humanization: Type.Optional(Humanization),
  },
  closed,
);

const Outcome = Type.Enum(['waiting', 'pending', 'sent', 'delivered', 'read', 'failed', 'cancelled']);
const Bulk = Type.Object({
  bulkId: Type.String(),
  sessionId: Type.String(),
  status: Type.Enum(['running', 'done', 'cancelled']),
  createdAt: Time('When it was accepted'),
  total: Type.Integer(),
  counts: Type.Record(Outcome, Type.Integer(), { description: 'How many of its messages have each status.' }),
  waitsFor: orNull(
    Type.String({
      description: 'Why it pauses: delay, batch_delay, daily_limit, or another_bulk that goes before it.',
    }),
  ),
  nextAt: orNull(Time('When it goes on')),
  outcomes: Type.Array(
    Type.Object({
      index: Type.Integer({ description: 'Place in the list, from 0.' }),
      to: Type.String(),
      status: Outcome,
      messageId: orNull(Type.String()),
      error: orNull(Type.String({ description: 'Why it failed.' })),
    }),
  ),
});

const BulkParams = Type.Object({ bulkId: Type.String() }, closed);
const BulkQuery = Type.Object(
  {
    sessionId: Type.String(),
    offset: Type.Optional(Type.Integer({ minimum: 0, description: 'Outcomes from this place on.' })),
    limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000, description: `So many outcomes; ${PAGE}.` })),
  },
  closed,
);

export function bulkRoutes(app: Api, { sessions, outboxes }: ApiDeps): void {
  app.post(
    '/messages/text/bulk',
    {
      schema: {
        summary: 'Send texts to many who know this account, one after another with pauses',
        body: SendBulk,
        headers: IdempotencyHeaders,
        response: answers(202, Bulk),
      },
    },
    async ({ body, headers }, reply) => {
      const { sessionId, messages, batchSize = BATCH_SIZE, batchDelay = BATCH_DELAY_MS, ...how } = body;
      const { id } = sessions.requireLinked(parseSessionId(sessionId));
      requireProfile(outboxes.profiles, how.humanization);
      const idempotencyKey = headers['idempotency-key'];
      const bulk = await outboxes.acceptBulk(id, {
        messages: messages.map(({ to, text, delay = 0 }) => ({ to: parseRecipient(to), text, delay })),
        ...{ batchSize, batchDelay, idempotencyKey, ...how },
      });
      return reply.code(202).send(ok(bulk));
    },
  );

  app.get(
    '/bulks/:bulkId',
    {
      schema: {
        summary: 'Get how far a bulk is, with the outcome of each message',
        params: BulkParams,
        querystring: BulkQuery,
        response: answers(200, Bulk),
      },
    },
    async ({ params, query: { sessionId, offset = 0, limit = PAGE } }) => {
      const { id } = sessions.get(parseSessionId(sessionId));
      return ok(await outboxes.bulk(id, parseBulkId(params.bulkId), offset, limit));
    },
  );

  app.delete(
    '/bulks/:bulkId',
    {
      schema: {
        summary: 'Stop a bulk: what has not gone is taken back',
        params: BulkParams,
        querystring: BulkQuery,
        response: answers(200, Bulk),
      },
    },
    async ({ params, query: { sessionId, offset = 0, limit = PAGE } }) => {
      const { id } = sessions.get(parseSessionId(sessionId));
      const bulkId = parseBulkId(params.bulkId);
      await outboxes.cancelBulk(id, bulkId);
      return ok(await outboxes.bulk(id, bulkId, offset, limit));
    },
  );
}
