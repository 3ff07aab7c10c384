/** Makes rooms of what the configuration says and of functions of their neighbours. */
import { toldPaths, type Told } from './api/api.ts';
import { createAttachments, type Attachments } from './attachments/attachments.ts';
import type { Cluster, Telling } from './cluster/cluster.ts';
import type { Config } from './config.ts';
import { createDirectory, type Directory, type DirectoryDeps } from './directory/directory.ts';
import type { Fact } from './events.ts';
import type { SessionId } from './ids.ts';
import { publishIfThere, troubleAlert, type Publish } from './hearing.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Egress } from './proxy/proxy.ts';
import type { Outboxes } from './outbox/outbox.ts';
import type { Session, Sessions } from './session/session.ts';
import type { Seal } from './seal.ts';
import { attachmentSettings, directorySettings } from './settings.ts';
import { openSharedStore, openStore, type Store } from './store/store.ts';
import { protocolAlert } from './watchdog/watchdog.ts';
import { createWebhooks, type TroubleReport } from './webhook/webhook.ts';

interface StoreParts {
  config: Config;
  log: Logger;
  now?: () => number;
  /** Another runtime may begin with the same sessions: this one has to end at once. */
  onLost?: () => void;
  /** As which owner this worker writes, when several share the sessions. */
  generationOf?: (session: SessionId) => number;
}

/** The engine that is configured. Throws `CannotStart`. */
export async function openMeasuredStore(
  { config, log, now, onLost = () => undefined, generationOf }: StoreParts,
  { commitSeconds, syncSeconds }: Pick<Metrics, 'commitSeconds' | 'syncSeconds'>,
): Promise<Store> {
  const timing = {
    committed: (seconds: number) => commitSeconds.observe(seconds),
    synced: (seconds: number) => syncSeconds.observe(seconds),
  };
  const clock = now && { now };
  const { redisUrl: url, redisPrefix: prefix, sessionsDir: directory } = config;
  if (url === undefined) return openStore({ directory, timing, ...clock });
  return await openSharedStore({
    ...{ url, prefix, timing, ...clock },
    onConnection(state, reason) {
      if (state === 'lost') log.warn({ reason }, 'the connection to Redis is lost; it is tried again');
      else log.info('the connection to Redis is back');
    },
    ...(config.clusterUrl === undefined
      ? {
          onLost() {
            log.fatal('Redis could not be reached for too long, or another runtime works with it');
            onLost();
          },
        }
      : generationOf && { generationOf }),
  });
}

export const openAttachments = (
  { config, log }: { config: Config; log: Logger },
  egress: Egress,
  sessionOf: (id: SessionId) => Session,
): Attachments =>
  createAttachments({
    directory: config.sessionsDir,
    sealOf: (id) => sessionOf(id).seal(),
    wayFor: (id) => egress.by(sessionOf(id).openWayOut()),
    settings: attachmentSettings(config),
    log,
  });

interface Around extends Pick<DirectoryDeps, 'store' | 'contacts' | 'now'> {
  config: Config;
}

/** `rooms` is asked when they are there. */
export const openDirectory = (
  { config, store, contacts, now }: Around,
  rooms: () => { sessions: Sessions; outboxes: Outboxes },
): Directory =>
  createDirectory({
    ...{ store, contacts },
    sessionOf: (id) => rooms().sessions.find(id),
    lastActive: (id) => rooms().outboxes.lastActive(id),
    settings: directorySettings(config),
    ...(now && { now }),
  });

interface EventParts {
  store: Store;
  egress: Egress;
  metrics: Metrics;
  masterSeal: Seal;
  log: Logger;
  clock: { now?: () => number; random?: () => number };
}

interface Workers {
  cluster: Cluster | null;
  telling: Telling | null;
}

/** Events, and who hears of them. `sessions` is asked when they are there. */
export function openPublishing(parts: EventParts, { cluster, telling }: Workers, sessions: () => Sessions) {
  const publish: Publish = async (session, fact) => {
    const event = await webhooks.publish(session, fact);
    countEvent(parts.metrics, fact);
    return event;
  };
  const here = (session: SessionId, fact: Fact) => publishIfThere(sessions().find(session), fact, publish);
  const told: Told = {
    trouble: (session, trouble) => here(session, troubleAlert(trouble)),
    protocolAlert: (session, alert) => here(session, protocolAlert(alert)),
  };
  /** By whichever worker holds the session. */
  const tell: Told = {
    async trouble(session, trouble) {
      if (!(await telling?.told(session, toldPaths.trouble(session), trouble))) await told.trouble(session, trouble);
    },
    async protocolAlert(session, alert) {
      if (!(await telling?.told(session, toldPaths.protocolAlert(session), alert)))
        await told.protocolAlert(session, alert);
    },
  };
  const webhooks = openWebhooks(parts, cluster !== null, sessions, ({ session, ...trouble }) =>
    tell.trouble(session, trouble),
  );
  return { publish, webhooks, told, tell, telling };
}

/** `isShared`: among several workers. `onTrouble`: whoever holds the session tells those who listen to it. */
const openWebhooks = (
  { store, masterSeal, metrics, clock, ...parts }: EventParts,
  isShared: boolean,
  sessions: () => Sessions,
  onTrouble: (report: TroubleReport) => Promise<void>,
) =>
  createWebhooks({
    ...{ ...parts, ...clock, onTrouble },
    instance: store.instance,
    ledgers: store,
    // Not for a session that is being removed: opening its database would make it again, unless several share it.
    sessionDatabase: (id) => store.session(isShared ? id : sessions().get(id).id),
    seal: masterSeal,
    sessionHash: (id) => sessions().get(id).hash,
    tenantOf: (id) => sessions().get(id).info().tenantId,
    sessions: async () => (await sessions().everywhere()).filter(({ isLeaving }) => !isLeaving),
    onDelivery: (outcome, ms) => {
      metrics.deliveries.inc({ outcome });
      if (outcome === 'delivered') metrics.deliveryLag.observe(Math.max(0, ms) / 1_000);
    },
  });

function countEvent({ events, alerts }: Metrics, fact: Fact): void {
  events.inc({ event: fact.event });
  if (fact.event === 'alert') alerts.inc({ alert: fact.data.alert, state: fact.data.state });
}
