/** HTTP in: validate, call one room, reply. Nothing is decided here. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Ajv } from 'ajv';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Attachments } from '../attachments/attachments.ts';
import type { Backups } from '../backup.ts';
import type { Directory } from '../directory/directory.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Outboxes } from '../outbox/outbox.ts';
import type { ProtocolMonitor } from '../protocol-monitor/protocol-monitor.ts';
import type { Pool } from '../proxy/proxy.ts';
import type { Sessions } from '../session/session.ts';
import type { Webhooks } from '../webhook/webhook.ts';
import { requireKey } from './auth.ts';
import { backupRoutes } from './backups.ts';
import { bulkRoutes } from './bulk.ts';
import { chatRoutes } from './chats.ts';
import { contactRoutes } from './contacts.ts';
import { healthRoutes } from './health.ts';
import { limitRoutes } from './limits.ts';
import { deliveryRoutes } from './deliveries.ts';
import { passOn, type Elsewhere } from './elsewhere.ts';
import { eventStreamRoutes } from './event-stream.ts';
import { groupRoutes } from './groups.ts';
import { forwardRoutes } from './forward.ts';
import { mediaRoutes } from './media.ts';
import { optOutRoutes } from './opt-outs.ts';
import { messageRoutes } from './messages.ts';
import { proxyRoutes } from './proxies.ts';
import { installErrorReplies, refuseUnrouted } from './replies.ts';
import { sendRoutes } from './send.ts';
import { sendFileRoutes } from './send-files.ts';
import { sessionRoutes } from './sessions.ts';
import { finishRequests } from './stopping.ts';
import { systemRoutes } from './system.ts';
import { toldRoutes, type Told } from './told.ts';
import { acceptUploads } from './uploads.ts';
import { webhookRoutes } from './webhooks.ts';

export { createMetricsServer } from './metrics-server.ts';
export { toldPaths, type Told, type Trouble } from './told.ts';

export interface ApiDeps {
  sessions: Sessions;
  outboxes: Outboxes;
  attachments: Attachments;
  inbox: Inbox;
  directory: Directory;
  webhooks: Webhooks;
  protocol: ProtocolMonitor;
  proxies: Pool;
  backups: Backups;
  metrics: Metrics;
  apiKey: string;
  bodyLimit: number;
  /** The largest file that may be uploaded, bytes. */
  maxFileBytes: number;
  version: string;
  sandbox: boolean;
  log: Logger;
  /** Rejects when nothing can be written to disk. */
  tryWriting(): Promise<void>;
  /** Aborts when the runtime stops: long polls answer at once. */
  stopping: AbortSignal;
  /** Other workers tell what they found out about sessions of this one. */
  told: Told;
  /** Other workers, when there are any. */
  elsewhere?: Elsewhere | undefined;
}

export type Api = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** Query and path are text and are read as what they should be; a body is taken as it is. */
const readers = {
  text: new Ajv({ coerceTypes: true, allErrors: true, useDefaults: true, strict: false }),
  body: new Ajv({ allErrors: true, strict: false }),
};

/** The API, not yet listening. `requestsDone` resolves when no request is in hand. */
export async function createApi(deps: ApiDeps): Promise<Api & { requestsDone(): Promise<void> }> {
  const app = fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: deps.bodyLimit,
    // What was asked has been answered by then; some hold a connection and ask nothing.
    forceCloseConnections: true,
    frameworkErrors: refuseUnrouted(deps.metrics),
    // Ours, in the envelope, is below.
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? readers.body : readers.text).compile(schema),
  );
  acceptEmptyBodies(app);
  installErrorReplies(app, deps.metrics);
  measureRequests(app, deps.metrics);
  const requests = finishRequests(app, deps.stopping);
  requireKey(app, deps.apiKey);
  if (deps.elsewhere) passOn(app, deps.elsewhere);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'WhatsApp connector runtime', version: deps.version },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
  });
  await app.register(async (routes) => {
    const api = routes.withTypeProvider<TypeBoxTypeProvider>();
    systemRoutes(api, deps);
    sessionRoutes(api, deps);
    healthRoutes(api, deps);
    backupRoutes(api, deps);
    sendRoutes(api, deps);
    await acceptUploads(api, deps.maxFileBytes);
    sendFileRoutes(api, deps);
    messageRoutes(api, deps);
    contactRoutes(api, deps);
    chatRoutes(api, deps);
    groupRoutes(api, deps);
    forwardRoutes(api, deps);
    mediaRoutes(api, deps);
    limitRoutes(api, deps);
    bulkRoutes(api, deps);
    optOutRoutes(api, deps);
    webhookRoutes(api, deps);
    deliveryRoutes(api, deps);
    eventStreamRoutes(api, deps);
    proxyRoutes(api, deps);
    if (deps.elsewhere) toldRoutes(api, deps.told);
  });
  return Object.assign(app, { requestsDone: () => requests.done() });
}

/** By the route as it is declared: whatever is asked for, there are no more series than routes. */
function measureRequests(app: FastifyInstance, { requestSeconds }: Metrics): void {
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url ?? 'none';
    const status = `${Math.floor(statusCode / 100)}xx`;
    requestSeconds.observe({ method: route === 'none' ? 'any' : method, route, status }, elapsedTime / 1_000);
  });
}

/** Some clients announce JSON on requests without a body; that is no error. */
function acceptEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
