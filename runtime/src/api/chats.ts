/** Chats with people and groups: a list to choose from, typing, reading, presence, pictures. */
import { Type } from 'typebox';
import { parseAddressee, parseMessageId, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, closed, Cursor, NextCursor, orNull, SessionParams, Time } from './schemas.ts';

const MOST = 50;
const Kind = Type.Enum(['person', 'group']);
const ChatParams = Type.Object(
  {
    sessionId: Type.String(),
    chat: Type.String({ description: 'A phone number, an address, or a contactId.' }),
  },
  closed,
);
const ListChats = Type.Object(
  {
    search: Type.Optional(
      Type.String({ maxLength: 200, description: 'Only those with this in name, number, address.' }),
    ),
    kind: Type.Optional(Kind),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'At most so many. Default 50.' })),
    cursor: Cursor,
  },
  closed,
);
const ChatList = Type.Object({
  chats: Type.Array(
    Type.Object({
      jid: Type.String({ description: 'The address to write to.' }),
      kind: Kind,
      name: orNull(Type.String({ description: 'Of the group, or as somebody named themselves.' })),
      contactId: orNull(Type.String()),
      phone: orNull(Type.String()),
      lid: orNull(Type.String()),
      activeAt: orNull(Time('When there last was a message')),
    }),
  ),
  nextCursor: NextCursor,
});

const STATES = { typing: 'composing', recording: 'recording', stopped: 'paused' } as const;
const Typing = Type.Object({ state: Type.Enum(Object.keys(STATES) as (keyof typeof STATES)[]) }, closed);
const Read = Type.Object(
  {
    messageIds: Type.Optional(
      Type.Array(Type.String(), {
        ...{ minItems: 1, maxItems: 100, uniqueItems: true },
        description: 'Received messages of the chat; the last one when left out.',
      }),
    ),
  },
  closed,
);
const Presence = Type.Object({
  state: Type.Enum(['online', 'offline', 'typing', 'recording']),
  lastSeenAt: orNull(Time('When they were last there, if they tell')),
});
const PictureQuery = Type.Object({ size: Type.Optional(Type.Enum(['small', 'large'])) }, closed);

export function chatRoutes(app: Api, { sessions, outboxes, directory }: ApiDeps): void {
  /** The session and the address that a path names. */
  const named = async (params: { sessionId: string; chat: string }) => {
    const { id } = sessions.requireLinked(parseSessionId(params.sessionId));
    return [id, await directory.addressOf(id, parseAddressee(params.chat))] as const;
  };

  app.get(
    '/sessions/:sessionId/chats',
    {
      schema: {
        summary: 'List the people the session has met and the groups it is in, the one active last first',
        params: SessionParams,
        querystring: ListChats,
        response: answers(200, ChatList),
      },
    },
    async ({ params, query: { limit = MOST, ...filter } }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok(await directory.chats(id, { limit, ...filter }));
    },
  );

  app.post(
    '/sessions/:sessionId/chats/:chat/typing',
    {
      schema: {
        summary: 'Show typing or recording in a chat, or stop; what is not stopped ends after some seconds',
        params: ChatParams,
        body: Typing,
        response: answers(200, Typing),
      },
    },
    async ({ params, body: { state } }) => {
      const [id, chat] = await named(params);
      await outboxes.showTyping(id, chat, STATES[state]);
      return ok({ state });
    },
  );

  app.post(
    '/sessions/:sessionId/chats/:chat/read',
    {
      schema: {
        summary: 'Mark received messages as read',
        params: ChatParams,
        body: Read,
        response: answers(200, Type.Object({ marked: Type.Integer() })),
      },
    },
    async ({ params, body }) => {
      const [id, chat] = await named(params);
      return ok({ marked: await outboxes.markRead(id, chat, body.messageIds?.map(parseMessageId) ?? null) });
    },
  );

  app.post(
    '/sessions/:sessionId/chats/:chat/presence',
    {
      schema: {
        summary: 'Ask to be told whether somebody is there; null when WhatsApp tells nothing',
        params: ChatParams,
        response: answers(200, Type.Object({ presence: orNull(Presence) })),
      },
    },
    async ({ params }) => {
      const [id, chat] = await named(params);
      return ok({ presence: await directory.watchPresence(id, chat) });
    },
  );

  app.get(
    '/sessions/:sessionId/chats/:chat/picture',
    {
      schema: {
        summary: 'Get the picture of a person or a group, a JPEG; asked for once an hour at the most',
        params: ChatParams,
        querystring: PictureQuery,
        produces: ['image/jpeg'],
      },
    },
    async ({ params, query: { size = 'large' } }, reply) => {
      const picture = await directory.picture(...(await named(params)), size);
      void reply.headers({
        'content-type': 'image/jpeg',
        'x-content-type-options': 'nosniff',
        'cache-control': 'private',
      });
      return reply.send(picture);
    },
  );
}
