/** Who does not want to be written to. */
import { Type } from 'typebox';
import { parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, closed, orNull, SessionParams, Time } from './schemas.ts';

const OptOut = Type.Object({
  contact: Type.String(),
  basis: Type.String({ description: 'How it is known.' }),
  at: Time('When it was first noted'),
});
const OptOutParams = Type.Object({ sessionId: Type.String(), contact: Type.String() }, closed);
const NoteOptOut = Type.Object(
  { basis: Type.String({ minLength: 1, maxLength: 500, description: 'How it is known, such as "asked by phone".' }) },
  closed,
);

export function optOutRoutes(app: Api, { sessions, outboxes }: ApiDeps): void {
  app.get(
    '/sessions/:sessionId/opt-outs',
    {
      schema: {
        summary: 'List who is not to be written to',
        params: SessionParams,
        response: answers(200, Type.Object({ optOuts: Type.Array(OptOut) })),
      },
    },
    async ({ params }) => ok({ optOuts: await outboxes.optOuts(sessions.get(parseSessionId(params.sessionId)).id) }),
  );

  app.get(
    '/sessions/:sessionId/opt-outs/:contact',
    {
      schema: {
        summary: 'Ask whether somebody is not to be written to',
        params: OptOutParams,
        response: answers(200, Type.Object({ optOut: orNull(OptOut) })),
      },
    },
    async ({ params }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok({ optOut: await outboxes.optedOut(id, parseRecipient(params.contact)) });
    },
  );

  app.put(
    '/sessions/:sessionId/opt-outs/:contact',
    {
      schema: {
        summary: 'Note that somebody is not to be written to; what waits for them fails',
        params: OptOutParams,
        body: NoteOptOut,
        response: answers(200, OptOut),
      },
    },
    async ({ params, body }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok(await outboxes.optOut(id, parseRecipient(params.contact), body.basis));
    },
  );

  app.delete(
    '/sessions/:sessionId/opt-outs/:contact',
    {
      schema: {
        summary: 'Note that somebody may be written to again',
        params: OptOutParams,
        response: answers(200, Type.Object({ removed: Type.Boolean() })),
      },
    },
    async ({ params }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok({ removed: await outboxes.optIn(id, parseRecipient(params.contact)) });
    },
  );
}
