/** What is read of the rooms when somebody asks for the metrics; between two scrapes nothing runs. */
import { toError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { waitCode, type Outboxes } from './outbox/outbox.ts';
import type { ProtocolMonitor } from './protocol-monitor/protocol-monitor.ts';
import type { Pool } from './proxy/proxy.ts';
import { SESSION_STATUSES, type Sessions } from './session/session.ts';
import type { Alerts } from './watchdog/watchdog.ts';
import type { Webhooks } from './webhook/webhook.ts';

interface Observed {
  metrics: Metrics;
  sessions: Pick<Sessions, 'list'>;
  outboxes: Pick<Outboxes, 'backlogs'>;
  webhooks: Pick<Webhooks, 'backlog' | 'list'>;
  proxies: Pick<Pool, 'here'>;
  protocol: Pick<ProtocolMonitor, 'report'>;
  alerts: Pick<Alerts, 'standing'>;
  log: Logger;
  now?: () => number;
}

/** Has each scrape read the rooms. One that cannot be read keeps its former values, and the others are served all the same. */
export function observeRooms(observed: Observed, limits: { maxSessions: number; version: string }): void {
  const { metrics, log } = observed;
  metrics.info.set({ version: limits.version }, 1);
  metrics.sessionsLimit.set(limits.maxSessions);
  for (const look of [lookAtSessions, lookAtOutboxes, lookAtWebhooks, lookAtProxies, lookAtTroubles]) {
    metrics.beforeScrape(async () => {
      try {
        await look(observed);
      } catch (thrown) {
        metrics.scrapeFailures.inc();
        log.error({ err: toError(thrown) }, 'metrics could not be read');
      }
    });
  }
}

function lookAtSessions({ metrics, sessions }: Observed): void {
  const all = sessions.list().map((session) => session.info());
  const byStatus = Object.groupBy(all, ({ status }) => status);
  for (const status of SESSION_STATUSES) metrics.sessions.set({ status }, byStatus[status]?.length ?? 0);
  metrics.sessionStatus.reset();
  for (const { hash, status, reason } of all)
    metrics.sessionStatus.set({ session: hash, status, reason: reason.code }, 1);
}

async function lookAtOutboxes({ metrics, outboxes, now = Date.now }: Observed): Promise<void> {
  const all = await outboxes.backlogs();
  const sum = (of: 'scheduled' | 'waiting' | 'active') => all.reduce((jobs, backlog) => jobs + backlog[of], 0);
  metrics.outbox.set({ state: 'scheduled' }, sum('scheduled'));
  metrics.outbox.set({ state: 'waiting' }, sum('waiting'));
  metrics.outbox.set({ state: 'sending' }, sum('active'));
  metrics.sessionsRestricted.set(all.filter(({ restricted }) => restricted).length);
  metrics.outboxHeld.reset();
  for (const { state, reason, jobs } of all.flatMap(({ fronts }) => fronts)) {
    if (state === 'held') metrics.outboxHeld.inc({ reason: waitCode(reason) }, jobs);
  }
  for (const connection of ['up', 'down'] as const) {
    const free = all.filter(({ connected }) => connected === (connection === 'up')).flatMap(({ fronts }) => fronts);
    metrics.outboxOldest.set(
      { connection },
      ageOf(
        free.filter(({ state }) => state !== 'held'),
        now(),
      ),
    );
  }
}

const ageOf = (fronts: readonly { oldest: number }[], now: number): number =>
  Math.max(0, ...fronts.map(({ oldest }) => now - oldest)) / 1_000;

async function lookAtWebhooks({ metrics, webhooks, now = Date.now }: Observed): Promise<void> {
  const { waiting, active, dead, oldest } = await webhooks.backlog();
  const all = await webhooks.list();
  metrics.deliveryQueue.set({ state: 'waiting' }, waiting);
  metrics.deliveryQueue.set({ state: 'active' }, active);
  metrics.deliveryQueue.set({ state: 'dead' }, dead);
  metrics.deliveryOldest.set(oldest === null ? 0 : ageOf([{ oldest }], now()));
  for (const status of ['active', 'paused', 'disabled'] as const)
    metrics.webhooks.set({ status }, all.filter((each) => each.status === status).length);
  metrics.webhooksFailing.set(all.filter(({ status, failing }) => status !== 'paused' && failing !== null).length);
}

function lookAtProxies({ metrics, proxies }: Observed): void {
  const all = proxies.here();
  for (const status of ['unknown', 'healthy', 'failing', 'quarantine'] as const) {
    const those = all.filter((proxy) => proxy.status === status);
    metrics.proxies.set({ status }, those.length);
    metrics.proxySessions.set(
      { status },
      those.reduce((sum, { sessions }) => sum + sessions, 0),
    );
  }
}

function lookAtTroubles({ metrics, protocol, alerts }: Observed): void {
  metrics.alertsStanding.reset();
  for (const [alert, sessions] of alerts.standing()) metrics.alertsStanding.set({ alert }, sessions);
  metrics.findings.reset();
  for (const { details } of protocol.report().anomalies)
    metrics.findings.inc({ kind: details.kind }, details.state === 'firing' ? 1 : 0);
}
