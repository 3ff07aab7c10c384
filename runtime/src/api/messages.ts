/** Messages: send, look up, wait. */
import { parseMessageId, parseRecipient, parseSessionId, type SessionId } from '../ids.ts';
import type { MessageStatus, SentMessage } from '../outbox/outbox.ts';
import type { Api, ApiDeps } from './api.ts';
import { pollSignal } from './long-poll.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

const DEFAULT_WAIT = 'delivered';

const shown = ({ note, ...message }: SentMessage) => ({
  ...message,
  error: message.status === 'failed' ? note : null,
  waitsFor: message.status === 'pending' ? note : null,
});

export function messageRoutes(app: Api, { sessions, outboxes, stopping }: ApiDeps): void {
  const known = (id: string): SessionId => sessions.get(parseSessionId(id)).id;
  const waited = async (message: SentMessage, status: MessageStatus, signal: AbortSignal) => {
    const now = await outboxes.wait(message.sessionId, message.messageId, status, signal);
    return { ...shown(now), reached: now.timeline.some((step) => step.status === status) };
  };

  app.post(
    '/messages/text',
    {
      schema: {
        summary: 'Send a text as a person would',
        body: schemas.SendText,
        headers: schemas.IdempotencyHeaders,
        response: schemas.answers(202, schemas.Message),
      },
    },
    async (request, reply) => {
      const { sessionId, to, quotedMessageId, waitFor, timeout, ...rest } = request.body;
      const session = sessions.requireLinked(parseSessionId(sessionId));
      const message = await outboxes.accept(session.id, {
        ...rest,
        to: parseRecipient(to),
        quotedMessageId: quotedMessageId === undefined ? undefined : parseMessageId(quotedMessageId),
        idempotencyKey: request.headers['idempotency-key'],
      });
      void reply.code(202);
      return ok(
        waitFor === undefined ? shown(message) : await waited(message, waitFor, pollSignal(request, stopping, timeout)),
      );
    },
  );

  app.get(
    '/messages/:messageId',
    {
      schema: {
        summary: 'Get where a message is',
        params: schemas.MessageParams,
        querystring: schemas.MessageQuery,
        response: schemas.answers(200, schemas.Message),
      },
    },
    async (request) =>
      ok(shown(await outboxes.get(known(request.query.sessionId), parseMessageId(request.params.messageId)))),
  );

  app.get(
    '/messages/:messageId/wait',
    {
      schema: {
        summary: 'Wait until a message was sent, delivered or read',
        params: schemas.MessageParams,
        querystring: schemas.WaitMessage,
        response: schemas.answers(200, schemas.Message),
      },
    },
    async (request) => {
      const { sessionId, status = DEFAULT_WAIT, timeout } = request.query;
      const message = await outboxes.get(known(sessionId), parseMessageId(request.params.messageId));
      return ok(await waited(message, status, pollSignal(request, stopping, timeout)));
    },
  );
}
