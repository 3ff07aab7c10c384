/** What a session may still send, why messages wait, and what its owner chooses for its sending. */
import { Type } from 'typebox';
import { parseRecipient, parseSessionId } from '../ids.ts';
import { WAITS } from '../outbox/outbox.ts';
import type { Api, ApiDeps } from './api.ts';
import { requireProfile } from './profile.ts';
import { ok } from './replies.ts';
import { answers, closed, Humanization, orNull, Restriction, SessionParams, Time } from './schemas.ts';

const Allowance = (what: string) =>
  Type.Object(
    {
      limit: Type.Integer(),
      used: Type.Integer(),
      left: Type.Integer(),
      resetsAt: Time('When it begins anew'),
    },
    { description: what },
  );

const Ms = (description: string) => Type.Integer({ description: `${description}, ms.` });
const Rules = Type.Object({
  perRecipient: Type.Object({ messages: Type.Integer(), withinMs: Ms('Within this time') }),
  burst: Type.Object({
    messages: Type.Integer(),
    rapidMs: Ms('No further apart than this'),
    restMs: Ms('Then nothing for this long'),
  }),
  duplicateMs: Ms('The same to the same recipient is refused for this long'),
  newContactMs: Ms('A first message takes this much longer'),
});

const codes = Object.entries(WAITS)
  .map(([code, sentence]) => `${code}: ${sentence}`)
  .join(' ');
const Limits = Type.Object({
  messages: Allowance('Messages of this day, by UTC.'),
  numberChecks: Allowance('Numbers looked up within this hour.'),
  bulkNewContacts: Allowance('People who never exchanged a message with the account, written to by bulk this day.'),
  restriction: orNull(Restriction),
  pausedUntil: orNull(Time('Sending pauses as the connection keeps breaking, until')),
  quietUntil: orNull(Time('Only answers go, until')),
  rules: Rules,
  recipient: orNull(
    Type.Object({
      to: Type.String(),
      known: Type.Boolean({ description: 'There has been a message before, either way.' }),
      leftThisMinute: Type.Integer(),
      waitsUntil: orNull(Time('A message to them waits until')),
      reason: orNull(Type.String()),
    }),
  ),
  pending: Type.Integer({ description: 'Messages accepted that have not gone.' }),
  waiting: Type.Array(
    Type.Object({
      messageId: Type.String(),
      to: Type.String(),
      reason: Type.String({ description: `What went wrong last time, or a code. ${codes}` }),
      until: orNull(Time('When it is looked at again')),
    }),
  ),
});

const LimitsQuery = Type.Object(
  {
    to: Type.Optional(Type.String({ description: 'Say also what is left of the limits of this recipient.' })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'At most so many waiting messages; 50.' }),
    ),
  },
  closed,
);

const LocalTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM' });
const QuietHours = Type.Object(
  {
    from: LocalTime,
    to: LocalTime,
    timeZone: Type.String({ maxLength: 64, description: 'Such as Europe/Berlin.' }),
  },
  { ...closed, description: 'Only answers go then; an end before the beginning is on the next day.' },
);
const settings = {
  humanization: orNull(Humanization),
  dailyLimit: orNull(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Messages a day; null is DAILY_MESSAGE_LIMIT.' }),
  ),
  quietHours: orNull(QuietHours),
  optOutKeywords: orNull(
    Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      minItems: 1,
      maxItems: 200,
      description:
        'Who writes one of these and nothing else goes on the list of opt-outs; null, the default, is never.',
    }),
  ),
};
const Settings = Type.Object(settings);
const ChangeSettings = Type.Partial(Type.Object(settings), closed);

const MOST_WAITING = 50;

export function limitRoutes(app: Api, { sessions, outboxes }: ApiDeps): void {
  app.get(
    '/sessions/:sessionId/limits',
    {
      schema: {
        summary: 'Get what is left of every limit, and why messages wait',
        params: SessionParams,
        querystring: LimitsQuery,
        response: answers(200, Limits),
      },
    },
    async ({ params, query: { to, limit = MOST_WAITING } }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      return ok(await outboxes.limits(id, { to: to === undefined ? null : parseRecipient(to), limit }));
    },
  );

  app.get(
    '/sessions/:sessionId/settings',
    {
      schema: { summary: "Get a session's settings", params: SessionParams, response: answers(200, Settings) },
    },
    async ({ params }) => {
      const session = sessions.get(parseSessionId(params.sessionId));
      return ok({ humanization: session.humanization(), ...(await outboxes.settings(session.id)) });
    },
  );

  app.patch(
    '/sessions/:sessionId/settings',
    {
      schema: {
        summary: "Change a session's settings; what is left out stays",
        params: SessionParams,
        body: ChangeSettings,
        response: answers(200, Settings),
      },
    },
    async ({ params, body: { humanization, ...rest } }) => {
      const { id } = sessions.get(parseSessionId(params.sessionId));
      requireProfile(outboxes.profiles, humanization);
      const changed = await outboxes.changeSettings(id, rest);
      if (humanization !== undefined) await sessions.setHumanization(id, humanization);
      return ok({ humanization: sessions.get(id).humanization(), ...changed });
    },
  );
}
