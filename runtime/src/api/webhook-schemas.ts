/** The shapes of subscriptions, deliveries and the event stream. */
import { Type } from 'typebox';
import { EVENT_NAMES, type EventName } from '../events.ts';
import type { JobState } from '../store/store.ts';
import { CHAT_KINDS, MOST_REPLAYED, type ChatKinds } from '../webhook/webhook.ts';
import { closed, Cursor, NextCursor, orNull, Time } from './schemas.ts';

const Event = Type.Unsafe<EventName>(Type.Enum(EVENT_NAMES));
const Chats = Type.Unsafe<ChatKinds>(Type.Enum([...CHAT_KINDS]));
const State = Type.Unsafe<JobState>(
  Type.Enum(['waiting', 'active', 'done', 'dead'], { description: 'dead: given up, and kept to be driven again.' }),
);

export const WebhookParams = Type.Object({ webhookId: Type.String() }, closed);
export const DeliveryParams = Type.Object({ webhookId: Type.String(), eventId: Type.String() }, closed);

const choices = {
  events: Type.Optional(Type.Array(Event, { minItems: 1, uniqueItems: true })),
  chats: Type.Optional(Chats),
  senders: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 1_000,
      description: 'Only what these people caused: phone numbers, addresses or contactIds. Empty: everybody.',
    }),
  ),
  headers: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String({ maxLength: 4_096 }), {
      maxProperties: 20,
      description: 'Sent along with every delivery; not shown again.',
    }),
  ),
  paused: Type.Optional(Type.Boolean({ description: 'What happens is kept, and delivered when it goes on.' })),
};
export const Subscribe = Type.Object(
  {
    url: Type.String({ maxLength: 2_048 }),
    sessionId: Type.Optional(Type.String({ description: 'Left out: the events of more than one session.' })),
    tenantId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Only the sessions of this tenant.' }),
    ),
    expiresAt: Type.Optional(Time('When it ends by itself; never without it')),
    ...choices,
  },
  closed,
);
export const ChangeSubscription = Type.Object(choices, closed);
export const Subscription = Type.Object({
  webhookId: Type.String(),
  url: Type.String(),
  sessionId: orNull(Type.String()),
  tenantId: orNull(Type.String()),
  events: Type.Array(Event),
  chats: Chats,
  senders: Type.Array(Type.String()),
  headerNames: Type.Array(Type.String()),
  status: Type.Enum(['active', 'paused', 'disabled'], {
    description: 'disabled: the receiver answered 410 Gone; change paused to false to make it active again.',
  }),
  failing: orNull(Type.Object({ since: Time('When it began'), reason: Type.String({ description: 'Why, then.' }) })),
  createdAt: Time('When it was made'),
  expiresAt: orNull(Time('When it ends by itself')),
});
export const NewSubscription = Type.Object({
  ...Subscription.properties,
  secret: Type.String({ description: 'Signs every delivery; shown only here.' }),
});
export const SubscriptionList = Type.Object({ webhooks: Type.Array(Subscription) });
export const SubscriptionQuery = Type.Object(
  {
    url: Type.Optional(Type.String()),
    sessionId: Type.Optional(Type.String()),
    tenantId: Type.Optional(Type.String()),
  },
  closed,
);

export const Attempt = Type.Object({
  at: Time('When it began'),
  ms: Type.Integer({ description: 'How long it took, milliseconds.' }),
  status: orNull(Type.Integer({ description: 'The HTTP status of the answer.' })),
  reason: orNull(Type.String({ description: 'Why it failed.' })),
  answer: orNull(Type.String({ description: 'The beginning of what the receiver said.' })),
});
const Delivery = Type.Object({
  eventId: Type.String(),
  event: Event,
  sessionId: Type.String(),
  state: State,
  attempts: Type.Integer(),
  reason: orNull(Type.String({ description: 'Why it failed last.' })),
  nextAttemptAt: orNull(Time('When it is tried again')),
  createdAt: Time('When it was queued'),
  finishedAt: orNull(Time('When it was delivered or given up')),
});
export const DeliveryDetails = Type.Object({
  ...Delivery.properties,
  tries: Type.Array(Attempt, { description: 'The last attempts, the oldest first.' }),
  body: Type.String({ description: 'What is delivered, as it is signed.' }),
});
export const DeliveryQuery = Type.Object(
  {
    state: Type.Optional(State),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'At most so many. Default 50.' })),
    cursor: Cursor,
  },
  closed,
);
export const DeliveryList = Type.Object({
  deliveries: Type.Array(Delivery),
  nextCursor: NextCursor,
});
export const Redriven = Type.Object({ redriven: Type.Integer({ description: 'How many are delivered again.' }) });
export const Replay = Type.Object(
  {
    from: Type.Optional(Time('Only events from this time on')),
    to: Type.Optional(Time('Only events until this time')),
    last: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MOST_REPLAYED, description: 'Only the last so many of them.' }),
    ),
  },
  { ...closed, minProperties: 1 },
);
export const Replayed = Type.Object({
  queued: Type.Integer({ description: 'How many are delivered again; what still waited is not counted.' }),
  nextFrom: orNull(Time('Where to go on from, when there were too many for once')),
});

const commaSeparated = (what: string) => Type.String({ minLength: 1, description: `${what}, comma-separated.` });
export const StreamQuery = Type.Object(
  {
    sessionId: Type.Optional(Type.String({ description: 'Left out: the events of more than one session.' })),
    tenantId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Only the sessions of this tenant.' }),
    ),
    events: Type.Optional(commaSeparated('Only events of these names')),
    chats: Type.Optional(Chats),
    senders: Type.Optional(commaSeparated('Only what these people caused')),
  },
  closed,
);
export const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: 'Goes on behind this event.' })),
});
