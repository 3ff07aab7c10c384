/** Who can be written to. */
import { Type } from 'typebox';
import { parsePhone, parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import { answers, closed } from './schemas.ts';

const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

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

export function contactRoutes(app: Api, { sessions, outboxes }: ApiDeps): void {
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
