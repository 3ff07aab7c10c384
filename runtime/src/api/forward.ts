/** Passing a message on to another chat. */
import type { Api, ApiDeps } from './api.ts';
import { parseMessageId, parseRecipient, parseSessionId } from '../ids.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';
import { howOf, sent } from './send.ts';
import { SendForward } from './send-schemas.ts';

export function forwardRoutes(app: Api, deps: ApiDeps): void {
  app.post(
    '/messages/forward',
    {
      schema: {
        summary: 'Pass a message on to another chat; within 14 days after it came or was sent',
        body: SendForward,
        headers: schemas.IdempotencyHeaders,
        response: schemas.answers(202, schemas.Message),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const session = deps.sessions.requireLinked(parseSessionId(body.sessionId));
      const how = howOf(body, request, deps.outboxes.profiles);
      const chat = body.chat === undefined ? null : parseRecipient(body.chat);
      const content = await deps.inbox.forwardable(session.id, chat, parseMessageId(body.messageId));
      void reply.code(202);
      return ok(await sent(deps, session.id, { ...how, content }, body, request));
    },
  );
}
