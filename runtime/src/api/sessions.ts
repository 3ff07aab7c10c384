/** Sessions: make, list, link, watch, end. */
import qrcode from 'qrcode';
import { RuntimeError } from '../errors.ts';
import { USUAL_EVENTS } from '../events.ts';
import { parsePhone, parseSessionId } from '../ids.ts';
import { joinPages, SESSION_STATUSES, type SessionPage, type SessionStatus } from '../session/session.ts';
import type { Api, ApiDeps } from './api.ts';
import { askOthers } from './elsewhere.ts';
import { pollSignal } from './long-poll.ts';
import { requireProfile } from './profile.ts';
import { readChoice } from './proxies.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

/** Each row of a picture is told by how it differs from the one above: half the work and size of trying what is best. */
const QR_IMAGE = { margin: 2, scale: 6, rendererOpts: { filterType: 2, deflateStrategy: 0, deflateLevel: 6 } };

export function sessionRoutes(app: Api, { sessions, outboxes, webhooks, stopping, elsewhere }: ApiDeps): void {
  const params = schemas.SessionParams;

  app.post(
    '/sessions',
    {
      schema: {
        summary: 'Create a session',
        body: schemas.CreateSession,
        response: schemas.answers(201, schemas.CreatedSession),
      },
    },
    async (request, reply) => {
      const { sessionId, webhookUrl, proxyUrl, proxy, ...rest } = request.body;
      if (proxyUrl !== undefined && proxy) {
        throw new RuntimeError('invalid_request', { details: ['proxy: give either this or proxyUrl'] });
      }
      const choice = proxyUrl === undefined ? proxy && readChoice(proxy) : { mode: 'own' as const, url: proxyUrl };
      if (webhookUrl !== undefined) webhooks.check(webhookUrl);
      requireProfile(outboxes.profiles, rest.humanization);
      const session = await sessions.create({
        ...rest,
        ...(choice && { proxy: choice }),
        ...(sessionId !== undefined && { sessionId: parseSessionId(sessionId) }),
      });
      const subscription =
        webhookUrl === undefined
          ? null
          : await webhooks.subscribe({ url: webhookUrl, sessionId: session.id, events: USUAL_EVENTS });
      const webhook = subscription && { webhookId: subscription.webhookId, secret: subscription.secret };
      const { hash, status } = session.info();
      return reply.code(201).send(ok({ sessionId: session.id, hash, status, webhook }));
    },
  );

  app.get(
    '/sessions',
    {
      schema: {
        summary: 'List sessions, the oldest first',
        querystring: schemas.ListSessions,
        response: schemas.answers(200, schemas.SessionList),
      },
    },
    async (request) => {
      const { status, ...rest } = request.query;
      const here = sessions.page({ ...rest, ...(status !== undefined && { statuses: parseStatuses(status) }) });
      return ok(joinPages([here, ...(await askOthers<SessionPage>(elsewhere, request))], rest.limit));
    },
  );

  app.get(
    '/sessions/:sessionId',
    { schema: { summary: 'Get a session', params, response: schemas.answers(200, schemas.Session) } },
    async (request) => {
      const session = sessions.get(parseSessionId(request.params.sessionId));
      return ok({ ...session.info(), restriction: await outboxes.restriction(session.id) });
    },
  );

  app.get(
    '/sessions/:sessionId/status',
    { schema: { summary: "Get a session's status", params, response: schemas.answers(200, schemas.SessionState) } },
    (request) => {
      const { sessionId, status, reason, since } = sessions.get(parseSessionId(request.params.sessionId)).info();
      return ok({ sessionId, status, reason, since });
    },
  );

  app.get(
    '/sessions/:sessionId/qr',
    { schema: { summary: 'Get the QR code to scan', params, response: schemas.answers(200, schemas.Qr) } },
    async (request) => {
      const { qr, expiresIn } = sessions.qr(parseSessionId(request.params.sessionId));
      return ok({ qr, qrImage: await qrcode.toDataURL(qr, QR_IMAGE), expiresIn });
    },
  );

  app.post(
    '/sessions/:sessionId/pairing-code',
    {
      schema: {
        summary: 'Get a code to type at the phone instead of scanning',
        params,
        body: schemas.AskPairingCode,
        response: schemas.answers(200, schemas.PairingCode),
      },
    },
    async (request) =>
      ok(await sessions.pairingCode(parseSessionId(request.params.sessionId), parsePhone(request.body.phone))),
  );

  app.get(
    '/sessions/:sessionId/wait',
    {
      schema: {
        summary: 'Wait until a session has one of the statuses',
        params,
        querystring: schemas.WaitSession,
        response: schemas.answers(200, schemas.WaitedSession),
      },
    },
    async (request) => {
      const id = parseSessionId(request.params.sessionId);
      const statuses = parseStatuses(request.query.status);
      const reached = await sessions.wait(id, statuses, pollSignal(request, stopping, request.query.timeout));
      return ok({ ...sessions.get(id).info(), reached });
    },
  );

  app.post(
    '/sessions/:sessionId/disconnect',
    { schema: { summary: 'Disconnect, keeping the link', params, response: schemas.answers(200, schemas.Session) } },
    async (request) => ok((await sessions.disconnect(parseSessionId(request.params.sessionId))).info()),
  );

  app.post(
    '/sessions/:sessionId/reconnect',
    { schema: { summary: 'Connect again', params, response: schemas.answers(200, schemas.Session) } },
    async (request) => ok((await sessions.reconnect(parseSessionId(request.params.sessionId))).info()),
  );

  app.post(
    '/sessions/:sessionId/logout',
    {
      schema: { summary: 'Log out and forget the link', params, response: schemas.answers(200, schemas.LoggedOut) },
    },
    async (request) => {
      const { confirmed } = await sessions.logOut(parseSessionId(request.params.sessionId));
      return ok({ loggedOut: true as const, ...unlinking(confirmed) });
    },
  );

  app.delete(
    '/sessions/:sessionId',
    {
      schema: {
        summary: 'Delete a session and all it kept',
        params,
        querystring: schemas.DeleteSession,
        response: schemas.answers(200, schemas.DeletedSession),
      },
    },
    async (request) => {
      const { confirmed } = await sessions.remove(
        parseSessionId(request.params.sessionId),
        request.query.logout ?? true,
      );
      return ok({ deleted: true as const, ...unlinking(confirmed) });
    },
  );
}

const STILL_LISTED =
  'On the phone open WhatsApp, Linked devices, and remove this device if it is listed: WhatsApp did not confirm that it is gone.';
const unlinking = (confirmed: boolean) => ({ confirmed, action: confirmed ? null : STILL_LISTED });

function parseStatuses(list: string): SessionStatus[] {
  const known: readonly string[] = SESSION_STATUSES;
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new RuntimeError('invalid_request', { details: [`status: must be among ${SESSION_STATUSES.join(', ')}`] });
  }
  return wanted as SessionStatus[];
}
