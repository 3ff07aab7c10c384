/** Sending: one route a kind of message. Each reads what it says; how it is sent is the same for all. */
import type { FastifyRequest } from 'fastify';
import type { Static, TObject } from 'typebox';
import type { ProfileName } from '../config.ts';
import type { Content } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { parseAddressee, parseMessageId, parseRecipient, parseSessionId, phoneOf, type SessionId } from '../ids.ts';
import type { NewMessage, SentMessage } from '../outbox/outbox.ts';
import type { Api, ApiDeps } from './api.ts';
import { pollSignal } from './long-poll.ts';
import { shown, waited } from './message-replies.ts';
import { requireProfile } from './profile.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';
import * as kinds from './send-schemas.ts';
import { parseTime } from './times.ts';

export function sendRoutes(app: Api, deps: ApiDeps): void {
  sendRoute(app, deps, '/messages/text', 'Send a text as a person would', kinds.SendText, async (body, session) => {
    const { text, mentions, linkPreview } = body;
    const named = mentions?.map(parseRecipient);
    const preview = linkPreview ? await deps.attachments.preview(session, text) : null;
    return { kind: 'text', text, ...(named && { mentions: named }), ...(preview && { preview }) };
  });
  sendRoute(app, deps, '/messages/location', 'Send a place', kinds.SendLocation, (body) => {
    const { latitude, longitude, name, address } = body;
    return { kind: 'location', latitude, longitude, ...(name && { name }), ...(address && { address }) };
  });
  sendRoute(app, deps, '/messages/contact', 'Send contact cards', kinds.SendContact, ({ contacts }) => ({
    kind: 'contacts',
    contacts: contacts.map((card) => ({ ...card, phone: phoneNumber(card.phone) })),
  }));
  sendRoute(
    app,
    deps,
    '/messages/poll',
    'Ask with a poll',
    kinds.SendPoll,
    ({ question, options, selectable = 1 }) => ({
      ...{ kind: 'poll', question, options, selectable },
    }),
  );
  sendRoute(app, deps, '/messages/reaction', 'React to a message', kinds.SendReaction, ({ messageId, emoji }) => ({
    ...{ kind: 'reaction', messageId: parseMessageId(messageId), emoji },
  }));
  sendRoute(app, deps, '/messages/edit', 'Change a message that was sent', kinds.SendEdit, ({ messageId, text }) => ({
    ...{ kind: 'edit', messageId: parseMessageId(messageId), text },
  }));
  sendRoute(app, deps, '/messages/delete', 'Delete a message for everyone', kinds.SendDelete, ({ messageId }) => ({
    ...{ kind: 'delete', messageId: parseMessageId(messageId) },
  }));
}

/** `read` makes the content of what the body says; it throws for what a schema cannot tell. */
function sendRoute<Body extends TObject>(
  app: Api,
  deps: ApiDeps,
  path: string,
  summary: string,
  body: Body,
  read: (body: Static<Body>, session: SessionId) => Content | Promise<Content>,
): void {
  const response = schemas.answers(202, schemas.Message);
  app.post(
    path,
    { schema: { summary, body, headers: schemas.IdempotencyHeaders, response } },
    async (request, reply) => {
      // Every body has what HOW names; the generic loses that.
      const given = request.body as Static<Body> & How;
      const session = deps.sessions.requireLinked(parseSessionId(given.sessionId));
      const how = howOf(given, request, deps.outboxes.profiles);
      void reply.code(202);
      return ok(await sent(deps, session.id, { ...how, content: await read(given, session.id) }, given, request));
    },
  );
}

/** What every message to be sent says of how. */
export type How = Omit<Static<typeof kinds.SendDelete>, 'messageId'>;

/** Throws for what a schema cannot tell. */
export function howOf(
  given: How,
  { headers }: FastifyRequest,
  profiles: readonly ProfileName[],
): Omit<NewMessage, 'content'> {
  requireProfile(profiles, given.humanization);
  const { to, quotedMessageId, humanize, humanization, typingDelay, readBefore, priority, sendAt, expiresAt, ttl } =
    given;
  const key = headers['idempotency-key'];
  return {
    to: parseAddressee(to),
    quotedMessageId: quotedMessageId === undefined ? undefined : parseMessageId(quotedMessageId),
    idempotencyKey: typeof key === 'string' ? key : undefined,
    ...{ humanize, humanization, typingDelay, readBefore, priority },
    sendAt: parseTime(sendAt, 'sendAt'),
    expiresAt: parseTime(expiresAt, 'expiresAt'),
    ttl: ttl === undefined ? undefined : ttl * 1_000,
  };
}

/** Has a message accepted and, when that is asked for, waits for it. */
export async function sent(deps: ApiDeps, session: SessionId, message: NewMessage, how: How, request: FastifyRequest) {
  return await answered(deps, await deps.outboxes.accept(session, message), how, request);
}

/** Waits for an accepted message when that is asked for, and says where it is. */
export async function answered(
  { outboxes, stopping }: ApiDeps,
  message: SentMessage,
  { waitFor, timeout }: How,
  request: FastifyRequest,
) {
  if (waitFor === undefined) return shown(message);
  return await waited(outboxes, message, waitFor, pollSignal(request, stopping, timeout));
}

/** The phone number of a contact card. Throws `invalid_recipient`. */
function phoneNumber(written: string): string {
  const phone = phoneOf(parseRecipient(written));
  if (phone === null) throw new RuntimeError('invalid_recipient');
  return phone;
}
