/** Who can be written to, and who they are. */
import { Type } from 'typebox';
import { parseAddressee, parsePhone, parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, closed, orNull, Person, Time } from './schemas.ts';

const Check = Type.Object(
  {
    sessionId: Type.String(),
    phones: Type.Array(Type.String({ maxLength: 40 }), { minItems: 1, maxItems: 100 }),
  },
  closed,
);
const Checked = Type.Object({
  numbers: Type.Array(
    Type.Object({
      phone: Type.String(),
      exists: orNull(Type.Boolean({ description: "Null when the hour's look-ups were used up before its turn." })),
      jid: orNull(Type.String({ description: 'The address WhatsApp knows it by.' })),
      checkedAt: orNull(Type.Integer({ description: 'When WhatsApp said so, milliseconds since 1970.' })),
    }),
  ),
  checksLeft: Type.Integer({ description: 'How many numbers may still be asked within this hour.' }),
  continueAt: orNull(Type.Integer({ description: 'When those left out can be asked, milliseconds since 1970.' })),
});

const ContactParams = Type.Object({ sessionId: Type.String(), contact: Type.String() }, closed);
const About = Type.Object({
  text: orNull(Type.String({ description: 'Null when there is none, or it is not shown to this account.' })),
  at: orNull(Time('When it was written')),
});

export function contactRoutes(app: Api, { sessions, outboxes, directory }: ApiDeps): void {
  app.get(
    '/sessions/:sessionId/contacts/:contact',
    {
      schema: {
        summary: 'Get somebody the session has met, by number, LID or contact id',
        params: ContactParams,
        response: answers(200, Person),
      },
    },
    async ({ params }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok(await directory.contact(id, parseAddressee(params.contact)));
    },
  );

  app.get(
    '/sessions/:sessionId/contacts/:contact/about',
    {
      schema: {
        summary: "Get somebody's about text, as WhatsApp shows it to this account; asked for once an hour at the most",
        params: ContactParams,
        response: answers(200, About),
      },
    },
    async ({ params }) => {
      const { id } = sessions.requireLinked(parseSessionId(params.sessionId));
      return ok(await directory.about(id, await directory.addressOf(id, parseAddressee(params.contact))));
    },
  );

  app.post(
    '/contacts/check',
    { schema: { summary: 'Ask which phone numbers have WhatsApp', body: Check, response: answers(200, Checked) } },
    async ({ body: { sessionId, phones } }) => {
      const session = sessions.requireLinked(parseSessionId(sessionId));
      const digits = phones.map((phone) => parsePhone(phone));
      const { numbers, ...rest } = await outboxes.checkNumbers(session.id, digits.map(parseRecipient));
      return ok({
        numbers: numbers.map(({ asked: _, ...number }, at) => ({ phone: `+${digits[at]}`, ...number })),
        ...rest,
      });
    },
  );
}
