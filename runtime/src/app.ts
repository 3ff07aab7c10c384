/**
 * Composition root: builds every room once and wires the arrows of architecture.md 4. Rooms never call back up the road;
 * what one tells another is handed across here.
 */
import { randomBytes } from 'node:crypto';
import { createApi, createMetricsServer, type Api } from './api/api.ts';
import { createBackups } from './backup.ts';
import type { Cluster } from './cluster/cluster.ts';
import {
  elsewhereIn,
  generationIn,
  neighboursIn,
  openCluster,
  ownershipIn,
  tellingIn,
  type Holder,
} from './clustered.ts';
import type { Config } from './config.ts';
import { createContacts } from './contacts/contacts.ts';
import { USUAL_EVENTS, type EventName } from './events.ts';
import { observeRooms } from './gauges.ts';
import { listen, selfOf, UnderWay } from './hearing.ts';
import type { SessionId } from './ids.ts';
import { createInbox } from './inbox/inbox.ts';
import { openInstanceSeal } from './keyring.ts';
import { forget, letGo, proxyAlert } from './letting-go.ts';
import type { Logger } from './log.ts';
import { refuseMoved } from './migration.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openAttachments, openDirectory, openMeasuredStore, openPublishing } from './opening.ts';
import { createOutboxes } from './outbox/outbox.ts';
import { openProtocolMonitor } from './protocol-monitor/protocol-monitor.ts';
import { createEgress, openPool, waysOut } from './proxy/proxy.ts';
import type { Seal } from './seal.ts';
import { createSessions } from './session/session.ts';
import { mediaSettings, outboxSettings, poolSettings, sessionSettings } from './settings.ts';
import { stopWithin } from './stopping.ts';
import type { Store } from './store/store.ts';
import { createAlerts, runWatchdog } from './watchdog/watchdog.ts';
import type { Webhooks } from './webhook/webhook.ts';

export interface App {
  /** Where the API listens. */
  url: string;
  /** The key callers need; made at start when the configuration names none. */
  apiKey: string;
  /** Where the metrics are, or null when they are off. */
  metricsUrl: string | null;
  /** Finishes the messages in hand, saves, closes; nothing keeps the process alive afterwards. */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  log: Logger;
  version: string;
  now?: () => number;
  random?: () => number;
  /** Told when another runtime may begin with the same sessions: the process has to end at once. */
  onLost?: () => void;
}

/** Starts the runtime: restores the sessions and listens. When that fails, what had begun is ended before it throws. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log, version } = options;
  const metrics = createMetrics();
  // Made last, when the rooms are there that it asks.
  let cluster = null as Cluster | null;
  const store = await openMeasuredStore({ ...options, generationOf: generationIn(() => cluster) }, metrics);
  const openRooms = async () => {
    await refuseMoved(store);
    cluster = await openCluster(config, () => holderIn(rooms), log);
    const openSeal = () => openInstanceSeal(store.instance, config);
    const masterSeal = await (cluster ? cluster.alone(openSeal) : openSeal());
    return await build(options, metrics, { store, masterSeal, cluster });
  };
  const rooms = await openRooms().catch(async (error: unknown) => {
    cluster?.close();
    await store.close();
    throw error;
  });
  const { sessions } = rooms;
  const stopping = new AbortController();
  const apiKey = config.apiKey ?? randomBytes(24).toString('base64url');
  const sandbox = config.whatsappWsUrl !== undefined;
  const { bodyLimit, mediaMaxBytes: maxFileBytes } = config;
  const api = await createApi({
    ...rooms,
    apiKey,
    ...{ bodyLimit, maxFileBytes, version, sandbox, log },
    tryWriting: () =>
      store.instance.write('readiness', { set: [{ key: 'asked', value: Date.now() }], remove: [] }, 'crash'),
    stopping: stopping.signal,
    elsewhere: elsewhereIn(cluster),
  });
  const metricsServer = config.metricsEnabled ? createMetricsServer(metrics) : null;
  const running = begin(rooms, options, stopping.signal);
  const inHand = { rooms, api, metricsServer, stopping, running };
  const stop = () => stopWithin(config.shutdownTimeout, (at) => stopApp(inHand, at), log);
  try {
    await subscribeConfigured(rooms, config);
    const metricsUrl = (await metricsServer?.listen({ host: config.host, port: config.metricsPort })) ?? null;
    await sessions.restore();
    for (const { id } of sessions.list()) await resume(rooms, id);
    await cluster?.start(stopping.signal);
    running.push(rooms.protocol.run(stopping.signal));
    running.push(rooms.inbox.run(() => sessions.list(), stopping.signal));
    const url = await api.listen({ host: config.host, port: config.port });
    log.info({ url, sandbox }, 'listening');
    return { url, apiKey, metricsUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What runs until the signal aborts. */
const begin = (rooms: Rooms, { config, log, now }: AppOptions, signal: AbortSignal): Promise<void>[] => [
  deliver(rooms, signal),
  rooms.proxies.run(signal),
  runWatchdog(
    {
      sessions: () => rooms.sessions.list(),
      alerts: rooms.alerts,
      brake: (session, ms) => rooms.outboxes.brake(session, ms),
      pingIntervalMs: config.keepAliveInterval,
      ...{ metrics: rooms.metrics, log },
      ...(now && { now }),
    },
    signal,
  ),
];

/** What a former run left half done. */
async function resume({ webhooks, outboxes, contacts }: Rooms, id: SessionId): Promise<void> {
  await Promise.all([webhooks.resume(id), outboxes.tidy(id), contacts.resume(id)]);
}

/** Of several workers one delivers. */
const deliver = ({ cluster, webhooks }: Rooms, signal: AbortSignal): Promise<void> =>
  cluster ? cluster.runOnce((whileKeeper) => webhooks.start(whileKeeper), signal) : webhooks.start(signal);

const holderIn = (rooms: Rooms): Holder => ({
  sessions: rooms.sessions,
  resume: (id) => resume(rooms, id),
});

/** What the rooms stand on. */
interface Ground {
  store: Store;
  masterSeal: Seal;
  cluster: Cluster | null;
}

type Rooms = Awaited<ReturnType<typeof build>>;

async function build({ config, log, version, ...clock }: AppOptions, metrics: Metrics, ground: Ground) {
  const { store, masterSeal, cluster } = ground;
  const egress = createEgress({ allow: [...config.outboundAllow] });
  const parts = { store, egress, metrics, masterSeal, log, clock };
  const events = openPublishing(parts, { cluster, telling: tellingIn(cluster, config.apiKey) }, () => sessions);
  const { publish, webhooks } = events;
  const protocol = await openProtocolMonitor({
    database: store.instance,
    worker: config.clusterUrl,
    tell: events.tell.protocolAlert,
    ...{ log, ...clock },
  });
  const common = { store, publish, metrics, log, ...clock };
  const contacts = createContacts({ ...common, onMerged: (...merge) => outboxes.merge(...merge) });
  const inbox = createInbox({
    ...{ ...common, contacts },
    onReceived: async (session, chats, message) => {
      for (const chat of chats) await outboxes.noteReceived(session, chat, message);
    },
    ...{ self: (session) => selfOf(sessions.find(session)), sessionOf: (session) => sessions.find(session) },
    sent: (session, messageId) => outboxes.sent(session).find(messageId),
    media: mediaSettings(config),
  });
  const attachments = openAttachments({ config, log }, egress, (id) => sessions.get(id));
  const outboxes = createOutboxes({
    ...{ ...common, contacts, attachments },
    sessions: { find: (id) => sessions.find(id) },
    ...{ received: (session, chat, id) => inbox.find(session, chat, id), settings: outboxSettings(config) },
  });
  const directory = openDirectory({ ...common, contacts, config }, () => ({ sessions, outboxes }));
  const underWay = new UnderWay(log);
  const alerts = createAlerts({
    database: (id) => store.session(id),
    ...{ publish, watch: underWay.watch.bind(underWay), ...clock },
  });
  const proxies = await openPool(store.instance, masterSeal, {
    settings: poolSettings(config),
    neighbours: neighboursIn(cluster, () => sessions),
    reconnect: async (session) => await sessions.find(session)?.restart(),
    onHealth: (id, works) => proxyAlert(alerts, sessions.find(id), works),
    ...{ metrics, log, ...clock },
  });
  const hearers = { publish, alerts, inbox, contacts, outboxes, protocol, metrics, log, underWay };
  const letting = { ...hearers, webhooks, proxies, directory };
  const sessions = createSessions({
    ...{ store, masterSeal, proxies: waysOut(proxies, config) },
    ...{ settings: sessionSettings(config), sent: (session) => outboxes.sent(session) },
    ...{ ownership: ownershipIn(cluster), finish: (session) => outboxes.close(session) },
    letGo: (session) => letGo(letting, session, sessions.find(session)),
    release: (session) => forget(letting, session, sessions.find(session)),
    listeners: listen(hearers),
    ...{ metrics, log, ...clock },
  });
  observeRooms({ ...hearers, webhooks, proxies, sessions, ...clock }, { maxSessions: config.maxSessions, version });
  const backups = createBackups({ sessions, webhooks, outboxes, now: clock.now ?? Date.now });
  return { ...hearers, ...events, ...{ cluster, store, egress, proxies, attachments, directory, sessions, backups } };
}

/** One that is the default as well hears of everything there, alerts included. */
async function subscribeConfigured({ webhooks }: Rooms, config: Config): Promise<void> {
  const { defaultWebhookUrl: all, alertWebhookUrl: alerts, webhookSecret } = config;
  if (all !== undefined) await subscribe(webhooks, { url: all, events: USUAL_EVENTS }, webhookSecret);
  if (alerts !== undefined && alerts !== all)
    await subscribe(webhooks, { url: alerts, events: ['alert'] }, webhookSecret);
}

/** Without a secret of its own it keeps the one that was made for it at its first start. */
async function subscribe(
  webhooks: Webhooks,
  wanted: { url: string; events: EventName[] },
  secret: string | undefined,
): Promise<void> {
  const known = (await webhooks.list({ url: wanted.url })).some(({ sessionId }) => sessionId === null);
  if (known && secret === undefined) return;
  await webhooks.subscribe({ ...wanted, sessionId: null, ...(secret !== undefined && { secret }) });
}

interface Running {
  rooms: Rooms;
  api: Api & { requestsDone(): Promise<void> };
  metricsServer: { close(): Promise<unknown> } | null;
  stopping: AbortController;
  running: Promise<void>[];
}

/** Nothing new comes in; what is in hand is finished, in the direction of the flows; then the store closes. */
async function stopApp({ rooms, api, metricsServer, stopping, running }: Running, at: (step: string) => void) {
  stopping.abort();
  at('requests');
  rooms.attachments.stop();
  rooms.directory.stop();
  await api.requestsDone();
  await metricsServer?.close();
  at('handing over to other workers');
  await rooms.cluster?.leave();
  at('messages being sent');
  await rooms.outboxes.stop();
  at('connections');
  await rooms.sessions.stop();
  at('findings');
  await rooms.protocol.save();
  at('messages being received');
  for (const { id } of rooms.sessions.list()) await rooms.inbox.idle(id);
  at('deliveries');
  await Promise.all(running);
  at('callers');
  await api.close();
  await rooms.telling?.close();
  await rooms.egress.close();
  at('the store');
  rooms.underWay.end();
  await rooms.store.close();
}
