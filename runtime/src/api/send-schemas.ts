/** What is asked of each kind of message, one schema a kind. What all have in common is how it is to be sent. */
import { Type, type TProperties } from 'typebox';
import { closed, Humanization, TimeoutSeconds } from './schemas.ts';

const MAX_TEXT = 65_536;
const MAX_CAPTION = 1_024;
const To = Type.String({ description: 'A phone number with country code, an address from an event, or a contactId.' });
const Words = (description: string, maxLength: number) => Type.String({ minLength: 1, maxLength, description });
const AboutMessage = Type.String({ description: 'The id of the message it is about.' });

const When = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ maxLength: 40 })], {
    description: `${description}: milliseconds since 1970, or as 2030-01-31T09:00:00Z.`,
  });

const HOW = {
  quotedMessageId: Type.Optional(Type.String({ description: 'Answer this message.' })),
  humanize: Type.Optional(Type.Boolean({ description: 'False sends without typing; the limits hold all the same.' })),
  humanization: Type.Optional(Humanization),
  typingDelay: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000, description: 'Typing takes this many ms.' })),
  readBefore: Type.Optional(Type.Boolean({ description: 'Mark what they wrote as read before answering.' })),
  priority: Type.Optional(
    Type.Enum(['high', 'normal', 'low'], {
      description: 'Which of the messages that wait goes first. By itself an answer is high, the rest of a bulk low.',
    }),
  ),
  sendAt: Type.Optional(When('Not before this time')),
  expiresAt: Type.Optional(When('Not after this time; then it fails with the error expired')),
  ttl: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 31_622_400,
      description: 'Seconds after which it fails with the error expired, from when it may first go.',
    }),
  ),
  waitFor: Type.Optional(Type.Enum(['sent', 'delivered', 'read'])),
  timeout: Type.Optional(TimeoutSeconds),
};

const send = <What extends TProperties>(what: What) =>
  Type.Object({ sessionId: Type.String(), to: To, ...what, ...HOW }, closed);

const Mentions = Type.Optional(
  Type.Array(Type.String(), {
    maxItems: 1_024,
    description: 'People the text names as @<number>; each of them is told.',
  }),
);

export const SendText = send({
  ...{ text: Words('What it says.', MAX_TEXT), mentions: Mentions },
  linkPreview: Type.Optional(
    Type.Boolean({
      description: "Show title and picture of the first web address in it, fetched now through the session's proxy.",
    }),
  ),
});

export const SendLocation = send({
  latitude: Type.Number({ minimum: -90, maximum: 90, description: 'Degrees.' }),
  longitude: Type.Number({ minimum: -180, maximum: 180, description: 'Degrees.' }),
  name: Type.Optional(Words('Of the place.', 256)),
  address: Type.Optional(Words('Of the place.', 1_024)),
});

const Card = Type.Object(
  {
    name: Words('As the card shows it.', 256),
    phone: Type.String({ description: 'With country code.' }),
    organization: Type.Optional(Words('Where they work.', 256)),
  },
  closed,
);
export const SendContact = send({ contacts: Type.Array(Card, { minItems: 1, maxItems: 50 }) });

export const SendPoll = send({
  question: Words('What is asked.', 255),
  options: Type.Array(Words('One answer.', 100), { minItems: 2, maxItems: 12, uniqueItems: true }),
  selectable: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 12,
      description: 'How many answers one may choose; 0 is any number. Default 1.',
    }),
  ),
});

export const SendReaction = send({
  messageId: AboutMessage,
  emoji: Type.String({ maxLength: 32, description: 'One emoji; empty takes the reaction back.' }),
});
export const SendEdit = send({ messageId: AboutMessage, text: Words('What it says now.', MAX_TEXT) });
export const SendDelete = send({ messageId: AboutMessage });

const File = {
  base64: Type.Optional(Type.String({ minLength: 1, description: 'The bytes of the file, in base64; up to 16 MiB.' })),
  url: Type.Optional(
    Type.String({ minLength: 1, maxLength: 8_192, description: 'Where the file is fetched, now: http or https.' }),
  ),
};
const { quotedMessageId: _, ...HOW_TO_PASS_ON } = HOW;
export const SendForward = Type.Object(
  {
    ...{ sessionId: Type.String(), to: To },
    messageId: Type.String({ description: 'The id of the message to pass on.' }),
    chat: Type.Optional(
      Type.String({
        description: 'The chat it is in: chat.jid of its event. Left out for a message this session sent.',
      }),
    ),
    ...HOW_TO_PASS_ON,
  },
  closed,
);

const Caption = { caption: Type.Optional(Words('Words below it.', MAX_CAPTION)), mentions: Mentions };
const yes = (description: string) => Type.Optional(Type.Boolean({ description }));
const ViewOnce = { viewOnce: yes('It can be opened once.') };

export const SendImage = send({ ...File, ...Caption, ...ViewOnce });
export const SendVideo = send({
  ...{ ...File, ...Caption, ...ViewOnce },
  gif: yes('It plays over and over, without sound.'),
  note: yes('It is shown round, as recorded in the chat; without a caption.'),
});
export const SendAudio = send({
  ...File,
  voice: yes('It is shown as a voice message, as recorded in the chat.'),
  viewOnce: yes('It can be listened to once; for voice messages only.'),
});
export const SendDocument = send({
  ...{ ...File, ...Caption },
  fileName: Type.Optional(Words('As it is shown and saved; what its address or its upload says when left out.', 255)),
  mimetype: Type.Optional(
    Type.String({
      ...{ maxLength: 255, pattern: '^[\\w.+-]+/[\\w.+-]+(;.*)?$' },
      description: 'What it is, such as application/pdf; found out when left out.',
    }),
  ),
});
export const SendSticker = send(File);
