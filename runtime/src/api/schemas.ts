/** The shapes of requests and answers: one source for validation, types and OpenAPI. Unknown fields are refused. */
import { Type, type TLiteral, type TObject, type TSchema } from 'typebox';
import { SESSION_STATUSES, type ProxyChoice as Choice, type SessionStatus } from '../session/session.ts';

export const closed = { additionalProperties: false };
export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
/** How a list is gone through page by page: what the caller gives, and what each page gives for it. */
export const Cursor = Type.Optional(Type.String({ description: 'nextCursor of the page before.' }));
export const NextCursor = orNull(Type.String({ description: 'Gives the next page.' }));

export const Humanization = Type.String({
  maxLength: 32,
  description: 'fast, normal, slow, instant (as a machine), or a name from HUMANIZATION_PROFILES.',
});
const MessageStatus = Type.Enum(['pending', 'sent', 'delivered', 'read', 'failed']);
export const Status = Type.Unsafe<SessionStatus>(Type.Enum(SESSION_STATUSES));
export const Time = (description: string) => Type.Integer({ description: `${description}, milliseconds since 1970.` });
export const TimeoutSeconds = Type.Integer({ minimum: 0, maximum: 120, description: 'Seconds to wait at the most.' });

export const SessionParams = Type.Object({ sessionId: Type.String() }, closed);
export const MessageParams = Type.Object({ messageId: Type.String() }, closed);

const Reason = Type.Object({
  code: Type.String({ description: 'Stable code of the reason.' }),
  message: Type.String({ description: 'A sentence for people.' }),
  action: Type.String({ description: 'What you can do.' }),
});

export const Restriction = Type.Object({
  kind: Type.Enum(['time_lock', 'new_chat_cap']),
  until: Time('When it ends'),
  since: Time('When it began'),
  reason: orNull(Type.String({ description: "WhatsApp's word for why." })),
});

const ProxyMode = Type.Unsafe<Choice['mode']>(Type.Enum(['own', 'pool', 'default', 'none']));
/** Which proxy a session uses; `readChoice` says what goes together. */
export const ProxyChoice = Type.Object(
  {
    mode: ProxyMode,
    url: Type.Optional(
      Type.String({ maxLength: 2_048, description: 'With own: socks5://user:password@host:port or http://…' }),
    ),
    region: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'With pool: only a proxy of this region.' }),
    ),
  },
  closed,
);

export const Session = Type.Object({
  sessionId: Type.String(),
  hash: Type.String({ description: 'Named in every event of the session.' }),
  status: Status,
  reason: Reason,
  since: Time('When the status was entered'),
  phone: orNull(Type.String()),
  lid: orNull(Type.String()),
  pushName: orNull(Type.String()),
  tenantId: orNull(Type.String()),
  humanization: orNull(Humanization),
  proxy: orNull(Type.String({ description: 'The proxy it uses, without user and password.' })),
  proxyMode: ProxyMode,
  proxyRegion: orNull(Type.String({ description: 'The region asked of the pool.' })),
  createdAt: Time('When it was made'),
  reconnectAttempts: Type.Integer({ description: 'Connections in a row that failed; 0 once one has lasted.' }),
  restriction: Type.Optional(orNull(Restriction)),
});

export const CreateSession = Type.Object(
  {
    sessionId: Type.Optional(Type.String({ description: 'Made when it is left out.' })),
    webhookUrl: Type.Optional(Type.String({ description: 'Gets all events of the session but presence.' })),
    proxyUrl: Type.Optional(
      Type.String({ description: 'A proxy of its own: socks5://user:password@host:port or http://…' }),
    ),
    proxy: Type.Optional(ProxyChoice),
    tenantId: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    humanization: Type.Optional(Humanization),
  },
  closed,
);
export const CreatedSession = Type.Object({
  sessionId: Type.String(),
  hash: Type.String(),
  status: Status,
  webhook: orNull(Type.Object({ webhookId: Type.String(), secret: Type.String({ description: 'Shown only here.' }) })),
});
export const ListSessions = Type.Object(
  {
    status: Type.Optional(Type.String({ description: 'Only those in one of these statuses, comma-separated.' })),
    tenantId: Type.Optional(Type.String()),
    search: Type.Optional(Type.String({ minLength: 1, description: 'Only those with this in id, phone or name.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'At most so many; all without it.' })),
    cursor: Cursor,
  },
  closed,
);
export const SessionList = Type.Object({
  sessions: Type.Array(Session),
  nextCursor: NextCursor,
});
export const SessionState = Type.Pick(Session, ['sessionId', 'status', 'reason', 'since']);
export const WaitSession = Type.Object(
  { status: Type.String({ description: 'Statuses, comma-separated.' }), timeout: Type.Optional(TimeoutSeconds) },
  closed,
);
export const WaitedSession = Type.Object({ ...Session.properties, reached: Type.Boolean() });
export const Qr = Type.Object({
  qr: Type.String({ description: 'What the QR code says.' }),
  qrImage: Type.String({ description: 'The code as a PNG data URL.' }),
  expiresIn: Type.Integer({ description: 'Seconds it can still be scanned.' }),
});
export const AskPairingCode = Type.Object(
  { phone: Type.String({ description: 'The number of the account, with country code.' }) },
  closed,
);
export const PairingCode = Type.Object({
  code: Type.String({ description: 'Eight letters and digits to type at the phone.' }),
  expiresIn: Type.Integer({ description: 'Seconds it can still be typed.' }),
});
const Unlinking = {
  confirmed: Type.Boolean({ description: 'False when the phone may still list the device: WhatsApp did not confirm.' }),
  action: orNull(Type.String({ description: 'What is left to do at the phone.' })),
};
export const LoggedOut = Type.Object({ loggedOut: Type.Literal(true), ...Unlinking });
export const DeleteSession = Type.Object(
  {
    logout: Type.Optional(
      Type.Boolean({ description: 'Take the device off the account first. Default true; false to keep the link.' }),
    ),
  },
  closed,
);
export const Deleted = Type.Object({ deleted: Type.Literal(true) });
export const DeletedSession = Type.Object({ ...Deleted.properties, ...Unlinking });

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
});
/** A person as far as known. */
export const Person = Type.Object({
  contactId: Type.String({ description: 'Stays the same whichever address they are known by.' }),
  phone: orNull(Type.String()),
  lid: orNull(Type.String()),
  jid: Type.String({ description: 'The address to answer to.' }),
  pushName: orNull(Type.String({ description: 'The name they gave themselves.' })),
});
export const Message = Type.Object({
  messageId: Type.String(),
  sessionId: Type.String(),
  to: Type.String(),
  contact: orNull(Person),
  status: MessageStatus,
  timestamp: Time('When it was accepted'),
  sendAt: orNull(Time('Not before this time')),
  expiresAt: orNull(Time('Not after this time')),
  timeline: Type.Array(
    Type.Object({
      status: MessageStatus,
      at: Time('When it was reached'),
      reason: orNull(Type.String({ description: 'Why it failed.' })),
    }),
  ),
  error: orNull(Type.String({ description: "Why it failed: WhatsApp's error number or the runtime's code." })),
  certain: orNull(Type.Boolean({ description: 'Of a failure: false when the message may have left all the same.' })),
  waitsFor: orNull(Type.String({ description: 'Why it has not gone yet.' })),
  reached: Type.Optional(Type.Boolean({ description: 'Whether the status waited for was reached in time.' })),
});
export const ListMessages = Type.Object(
  {
    sessionId: Type.String(),
    status: Type.Optional(MessageStatus),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'At most so many. Default 50.' })),
    cursor: Cursor,
  },
  closed,
);
export const MessageList = Type.Object({
  messages: Type.Array(Message),
  nextCursor: NextCursor,
});
export const MessageQuery = Type.Object({ sessionId: Type.String() }, closed);
export const WaitMessage = Type.Object(
  {
    sessionId: Type.String(),
    status: Type.Optional(Type.Enum(['sent', 'delivered', 'read'])),
    timeout: Type.Optional(TimeoutSeconds),
  },
  closed,
);

export const Health = Type.Object({
  status: Type.Literal('ok'),
  version: Type.String(),
  sandbox: Type.Boolean({ description: 'True when this runtime talks to a sandbox instead of WhatsApp.' }),
});
export const Ready = Type.Object({ status: Type.Literal('ready') });
export const ProtocolReport = Type.Object({
  period: Type.Object({ start: Time('From'), end: Time('Until') }),
  operations: Type.Record(
    Type.String(),
    Type.Object({
      total: Type.Integer(),
      success: Type.Integer(),
      failure: Type.Integer(),
      unknownErrors: Type.Array(Type.Object({ code: Type.Integer(), count: Type.Integer() })),
    }),
  ),
  anomalies: Type.Array(
    Type.Object({
      timestamp: Time('When'),
      type: Type.Union([
        Type.Literal('unknown_error'),
        Type.Literal('unexpected_message'),
        Type.Literal('connection_pattern'),
      ]),
      details: Type.Object({
        kind: Type.String({ description: 'What is new or wrong.' }),
        name: Type.String({ description: 'What WhatsApp calls it.' }),
        count: Type.Integer(),
        lastSeen: Time('When it was seen last'),
        state: Type.Union([Type.Literal('firing'), Type.Literal('resolved')], {
          description: 'Whether its alert stands.',
        }),
      }),
      recommendation: Type.String({ description: 'What a person can do about it.' }),
    }),
  ),
  recommendations: Type.Array(Type.String()),
});

const Failure = Type.Object({
  success: Type.Literal(false),
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.String({ description: 'What to do about it.' }),
    details: Type.Array(Type.String()),
    retryAfter: Type.Optional(Type.Integer({ description: 'Seconds after which the same request may succeed.' })),
  }),
});

type Envelope<Data extends TSchema> = TObject<{ success: TLiteral<true>; data: Data }>;

/** The response schemas of a route: its answer in the envelope, and the failure every route shares. */
export const answers = <Status extends 200 | 201 | 202, Data extends TSchema>(status: Status, data: Data) =>
  ({ [status]: Type.Object({ success: Type.Literal(true), data }), default: Failure }) as unknown as {
    [Key in Status]: Envelope<Data>;
  } & { default: typeof Failure };
