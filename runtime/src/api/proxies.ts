/** The pool of proxies: list, add, remove, try out; and which proxy a session uses. */
import { Type, type Static } from 'typebox';
import { RuntimeError } from '../errors.ts';
import { parseProxyId, parseSessionId } from '../ids.ts';
import { PROXY_BOUNDS, regionOf } from '../proxy-list.ts';
import type { ProxyChoice } from '../session/session.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

const Url = Type.String({ maxLength: 2_048, description: 'socks5://user:password@host:port or http://…' });
const orNull = Type.Union([Type.String(), Type.Null()]);
const count = Type.Union([Type.Integer(), Type.Null()]);
const Region = Type.String({ minLength: 1, maxLength: PROXY_BOUNDS.text });

const AddProxy = Type.Object(
  {
    url: Url,
    weight: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PROXY_BOUNDS.weight, description: 'Its share of the sessions. Default 1.' }),
    ),
    maxSessions: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PROXY_BOUNDS.maxSessions, description: 'Any number without it.' }),
    ),
    region: Type.Optional(Region),
    label: Type.Optional(Type.String({ minLength: 1, maxLength: PROXY_BOUNDS.text })),
  },
  schemas.closed,
);

const Proxy = Type.Object({
  proxyId: Type.String(),
  protocol: Type.String(),
  host: Type.String(),
  port: Type.Integer(),
  user: Type.Union([Type.String(), Type.Null()], { description: 'Only its first letter is shown.' }),
  weight: Type.Integer(),
  maxSessions: count,
  region: orNull,
  label: orNull,
  origin: Type.Enum(['config', 'api']),
  createdAt: Type.Integer({ description: 'When it was added, milliseconds since 1970.' }),
  sessions: Type.Integer({ description: 'Sessions that have their place here.' }),
  status: Type.Enum(['unknown', 'healthy', 'failing', 'quarantine']),
  failures: Type.Integer({ description: 'Tries in a row that failed.' }),
  latencyMs: Type.Union([Type.Integer(), Type.Null()], { description: 'Of the last try that succeeded.' }),
  checkedAt: Type.Union([Type.Integer(), Type.Null()], {
    description: 'When it was last tried, milliseconds since 1970.',
  }),
  error: orNull,
});
const Tested = Type.Object({ ok: Type.Boolean(), latencyMs: count, error: orNull });
const ProxyParams = Type.Object({ proxyId: Type.String() }, schemas.closed);

/** Adding, listing, removing and trying out. */
export function proxyRoutes(app: Api, { proxies, sessions }: ApiDeps): void {
  const params = ProxyParams;

  app.get(
    '/proxies',
    {
      schema: {
        summary: 'List the proxies of the pool',
        response: schemas.answers(200, Type.Object({ proxies: Type.Array(Proxy) })),
      },
    },
    async () => ok({ proxies: await proxies.list() }),
  );

  app.post(
    '/proxies',
    { schema: { summary: 'Add a proxy to the pool', body: AddProxy, response: schemas.answers(201, Proxy) } },
    async (request, reply) => reply.code(201).send(ok(await proxies.add(request.body))),
  );

  app.delete(
    '/proxies/:proxyId',
    {
      schema: {
        summary: 'Remove a proxy; its sessions get another or wait',
        params,
        response: schemas.answers(200, Type.Object({ deleted: Type.Literal(true), sessions: Type.Integer() })),
      },
    },
    async (request) => ok({ deleted: true as const, ...(await proxies.remove(parseProxyId(request.params.proxyId))) }),
  );

  app.post(
    '/proxies/:proxyId/test',
    { schema: { summary: 'Try out a proxy of the pool', params, response: schemas.answers(200, Tested) } },
    async (request) => ok(await proxies.test(parseProxyId(request.params.proxyId))),
  );

  app.post(
    '/proxies/test',
    {
      schema: {
        summary: 'Try out a proxy that is not in the pool',
        body: Type.Object({ url: Url }, schemas.closed),
        response: schemas.answers(200, Tested),
      },
    },
    async (request) => ok(await proxies.testUrl(request.body.url)),
  );

  app.put(
    '/sessions/:sessionId/proxy',
    {
      schema: {
        summary: 'Choose the proxy of a session',
        params: schemas.SessionParams,
        body: schemas.ProxyChoice,
        response: schemas.answers(200, schemas.Session),
      },
    },
    async (request) => {
      const id = parseSessionId(request.params.sessionId);
      return ok((await sessions.changeProxy(id, readChoice(request.body))).info());
    },
  );
}

/** Throws `invalid_request` for what does not go together. */
export function readChoice({ mode, url, region }: Static<typeof schemas.ProxyChoice>): ProxyChoice {
  const refuse = (detail: string) => new RuntimeError('invalid_request', { details: [detail] });
  if (url !== undefined && mode !== 'own') throw refuse('url: belongs to the mode own');
  if (region !== undefined && mode !== 'pool') throw refuse('region: belongs to the mode pool');
  if (mode === 'pool') return { mode, region: regionOf(region) };
  if (mode !== 'own') return { mode };
  if (url === undefined) throw refuse('url: is missing');
  return { mode, url };
}
