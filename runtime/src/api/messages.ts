/** Messages that were sent: look up, list, wait, take back. `send.ts` has the sending. */
import { parseMessageId, parseSessionId, type SessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { pollSignal } from './long-poll.ts';
import { shown, waited } from './message-replies.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

const DEFAULT_WAIT = 'delivered';
const DEFAULT_PAGE = 50;

export function messageRoutes(app: Api, { sessions, outboxes, stopping }: ApiDeps): void {
  const known = (id: string): SessionId => sessions.get(parseSessionId(id)).id;

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
    '/messages',
    {
      schema: {
        summary: 'List the messages of the last days, the one accepted last first',
        querystring: schemas.ListMessages,
        response: schemas.answers(200, schemas.MessageList),
      },
    },
    async (request) => {
      const { sessionId, limit = DEFAULT_PAGE, ...filter } = request.query;
      const { messages, nextCursor } = await outboxes.page(known(sessionId), { limit, ...filter });
      return ok({ messages: messages.map(shown), nextCursor });
    },
  );

  app.delete(
    '/messages/:messageId',
    {
      schema: {
        summary: 'Take back a message that has not gone yet',
        params: schemas.MessageParams,
        querystring: schemas.MessageQuery,
        response: schemas.answers(200, schemas.Message),
      },
    },
    async (request) =>
      ok(shown(await outboxes.cancel(known(request.query.sessionId), parseMessageId(request.params.messageId)))),
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
      return ok(await waited(outboxes, message, status, pollSignal(request, stopping, timeout)));
    },
  );
}
