/** Events as they come, as server-sent events: for dashboards and for watching what happens. */
import { Readable } from 'node:stream';
import { RuntimeError } from '../errors.ts';
import { EVENT_NAMES, type EventName } from '../events.ts';
import { parseAddressee, parseEventId, parseSessionId, type SessionId } from '../ids.ts';
import type { StoredEvent } from '../webhook/webhook.ts';
import type { Api, ApiDeps } from './api.ts';
import { callerGone } from './long-poll.ts';
import { refuseBoth } from './webhooks.ts';
import { StreamHeaders, StreamQuery } from './webhook-schemas.ts';

/** How soon a client that lost the connection is to come again, ms. */
const COME_AGAIN_MS = 2_000;

export function eventStreamRoutes(app: Api, { sessions, webhooks, stopping }: ApiDeps): void {
  app.get(
    '/events',
    {
      schema: {
        summary: 'Follow the events as they come (server-sent events); Last-Event-ID goes on where a stream broke off',
        querystring: StreamQuery,
        headers: StreamHeaders,
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const { sessionId, tenantId = null, events, chats = 'all', senders } = request.query;
      refuseBoth(sessionId, request.query.tenantId);
      const filter = {
        sessionId: sessionId === undefined ? null : await known(sessions, parseSessionId(sessionId)),
        events: events === undefined ? EVENT_NAMES : events.split(',').map(parseEventName),
        senders: senders?.split(',').map(parseAddressee) ?? [],
        ...{ tenantId, chats },
      };
      const last = request.headers['last-event-id'];
      const signal = AbortSignal.any([stopping, callerGone(request)]);
      const after = last === undefined ? undefined : parseEventId(last);
      const stream = await webhooks.stream(filter, { signal, after });
      return reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(lines(stream)));
    },
  );
}

/** Of every worker's sessions; the events of all are where each can read them. Throws `session_not_found`. */
async function known(sessions: ApiDeps['sessions'], id: SessionId): Promise<SessionId> {
  if ((await sessions.everywhere()).some((session) => session.id === id && !session.isLeaving)) return id;
  throw new RuntimeError('session_not_found');
}

async function* lines(stream: AsyncIterable<StoredEvent | null>): AsyncGenerator<string> {
  yield `retry: ${COME_AGAIN_MS}\n\n`;
  for await (const event of stream) {
    yield event === null
      ? ': still here\n\n'
      : `id: ${event.envelope.id}\nevent: ${event.envelope.event}\ndata: ${event.body}\n\n`;
  }
}

function parseEventName(name: string): EventName {
  const known = EVENT_NAMES.find((each) => each === name);
  if (!known) throw new RuntimeError('invalid_request', { details: [`events: must be of ${EVENT_NAMES.join(', ')}`] });
  return known;
}
