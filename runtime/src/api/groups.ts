/** The groups of an account, and who is in them. */
import { Type } from 'typebox';
import { parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, closed, orNull, Person, SessionParams, Time } from './schemas.ts';

const group = {
  jid: Type.String({ description: 'The address to write to.' }),
  subject: Type.String(),
  description: orNull(Type.String()),
  createdAt: orNull(Time('When it was made')),
  size: Type.Integer({ description: 'How many members it has.' }),
  onlyAdminsWrite: Type.Boolean(),
  onlyAdminsChange: Type.Boolean({ description: 'Only they change its name, picture and settings.' }),
  disappearsAfter: orNull(Type.Integer({ description: 'Seconds after which its messages disappear.' })),
};
const Member = Type.Object({
  ...Person.properties,
  contactId: orNull(Type.String({ description: 'Null for somebody the session has not met.' })),
  role: Type.Enum(['member', 'admin', 'owner']),
});
const Members = Type.Array(Member);
const GroupParams = Type.Object({ sessionId: Type.String(), group: Type.String() }, closed);

export function groupRoutes(app: Api, { sessions, directory }: ApiDeps): void {
  const named = (params: { sessionId: string; group: string }) =>
    directory.group(sessions.requireLinked(parseSessionId(params.sessionId)).id, parseRecipient(params.group));

  app.get(
    '/sessions/:sessionId/groups',
    {
      schema: {
        summary: 'List the groups the account is in; asked of WhatsApp once a minute at the most',
        params: SessionParams,
        response: answers(
          200,
          Type.Object({ groups: Type.Array(Type.Object(group)), askedAt: Time('When WhatsApp said so') }),
        ),
      },
    },
    async ({ params }) => ok(await directory.groups(sessions.requireLinked(parseSessionId(params.sessionId)).id)),
  );

  app.get(
    '/sessions/:sessionId/groups/:group',
    {
      schema: {
        summary: 'Get a group with its members',
        params: GroupParams,
        response: answers(200, Type.Object({ ...group, members: Members })),
      },
    },
    async ({ params }) => ok(await named(params)),
  );

  app.get(
    '/sessions/:sessionId/groups/:group/members',
    {
      schema: {
        summary: 'List the members of a group',
        params: GroupParams,
        response: answers(200, Type.Object({ members: Members })),
      },
    },
    async ({ params }) => ok({ members: (await named(params)).members }),
  );
}
