/**
 * Every metric, declared once; docs/metrics.md is made from here. A message is counted each time it changes hands, so that a
 * loss would show as numbers that do not add up.
 *
 * Labels hold no address, phone number, session id or URL, and each has a bounded set of values. The one label that names a
 * session is its hash, which says nothing to who has no access to the API, and MAX_SESSIONS_PER_INSTANCE bounds it
 * (decisions/0011).
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What a label may be: these values, or in words where they are listed. */
type Labels = Record<string, readonly string[] | string>;

/** A metric as the documentation shows it. */
export interface DeclaredMetric {
  /** Without the endings that histograms have. */
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: Labels;
}

/** From a commit of SQLite to the round trip to somebody's server. */
const QUICK = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const CALLS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAITS = [0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3_600, 21_600, 86_400];

type NamesOf<Given extends Labels> = Extract<keyof Given, string>;

function declarations(registry: Registry) {
  const declared: DeclaredMetric[] = [];
  const note = <Given extends Labels>(type: DeclaredMetric['type'], name: string, help: string, labels?: Given) => {
    declared.push({ name, type, help, labels: labels ?? {} });
    const labelNames = Object.keys(labels ?? {}) as NamesOf<Given>[];
    return { name, help, labelNames, registers: [registry] };
  };
  return {
    declared,
    counter<Given extends Labels = Record<never, string>>(name: string, help: string, labels?: Given) {
      const counter = new Counter<NamesOf<Given>>(note('counter', `whatsapp_${name}_total`, help, labels));
      // A series that begins with its first event looks as if nothing had happened: `increase` needs the 0 before.
      const [[label, values] = [], ...more] = Object.entries(labels ?? {});
      if (label !== undefined && typeof values === 'object' && more.length === 0)
        for (const value of values) counter.inc({ [label]: value } as Record<NamesOf<Given>, string>, 0);
      return counter;
    },
    gauge: <Given extends Labels = Record<never, string>>(name: string, help: string, labels?: Given) =>
      new Gauge<NamesOf<Given>>(note('gauge', `whatsapp_${name}`, help, labels)),
    seconds: <Given extends Labels = Record<never, string>>(
      name: string,
      help: string,
      buckets: number[],
      labels?: Given,
    ) => new Histogram<NamesOf<Given>>({ ...note('histogram', `whatsapp_${name}_seconds`, help, labels), buckets }),
  };
}

type Declare = ReturnType<typeof declarations>;

const sessions = ({ counter, gauge, seconds }: Declare) => ({
  sessions: gauge('sessions', 'Sessions by state.', { status: 'a state of states.md' }),
  sessionStatus: gauge(
    'session_status',
    'Is 1 for the state each session is in and why, and not there for any other.',
    {
      session: 'the hash of the session, as events and GET /sessions have it',
      status: 'a state of states.md',
      reason: 'a reason of states.md',
    },
  ),
  sessionsLimit: gauge('sessions_limit', 'How many sessions may exist here (MAX_SESSIONS_PER_INSTANCE).'),
  sessionsRestricted: gauge('sessions_restricted', 'Sessions whose account WhatsApp holds back from new chats.'),
  reconnects: counter('reconnects', 'Reconnections by the reason of the break.', { reason: 'a reason of states.md' }),
  pingSeconds: seconds('ping', 'Round trip of a ping to WhatsApp.', CALLS),
  remedies: counter('watchdog_remedies', 'What the watchdog found or did about a connection.', {
    verdict: ['silent', 'deaf', 'other_proxy', 'restart', 'brake'],
  }),
});

const messages = ({ counter, gauge, seconds }: Declare) => ({
  accepted: counter('messages_accepted', 'Messages accepted into an outbox: each is acked, has failed, or waits.'),
  written: counter('messages_written', 'Times a message was written to a connection, resends included.'),
  acked: counter('messages_acked', 'Messages WhatsApp acknowledged.'),
  failed: counter('messages_failed', 'Messages given up, by what refused them.', { by: ['whatsapp', 'runtime'] }),
  sendSeconds: seconds('message_send', "From writing a message, its file included, to WhatsApp's ack.", CALLS),
  messageSeconds: seconds('message', "From when a message might go to WhatsApp's ack: pacing, waits and all.", WAITS),
  outbox: gauge('outbox_messages', 'Messages that have not gone: not due yet, in line, or being typed and sent.', {
    state: ['scheduled', 'waiting', 'sending'],
  }),
  outboxHeld: gauge('outbox_held', 'Chats whose first waiting message is held back, by the reason.', {
    reason: 'a reason of GET /sessions/{id}/limits, or `retry` for what failed and is tried again',
  }),
  outboxOldest: gauge(
    'outbox_oldest_seconds',
    'How long ago the oldest message that no limit holds back was due: with a connection it could go now.',
    { connection: ['up', 'down'] },
  ),
  waits: counter('sending_waits', 'Times a message whose turn had come was made to wait, by the reason.', {
    reason: 'as of whatsapp_outbox_held',
  }),
  received: counter('messages_received', 'What arrived from WhatsApp, repeats included: each is handled once.'),
  handled: counter('messages_handled', 'What became of what arrived; `nothing` is what is of no interest to anybody.', {
    as: ['new', 'repeated', 'undecryptable', 'nothing'],
  }),
});

const events = ({ counter, gauge, seconds }: Declare) => ({
  events: counter('events_published', 'Events made durable.', { event: 'an event of events.md' }),
  alerts: counter('alerts', 'Alerts that began or ended.', {
    alert: 'an alert of events.md',
    state: ['firing', 'resolved'],
  }),
  alertsStanding: gauge('alerts_standing', 'Sessions an alert stands for.', { alert: 'an alert of events.md' }),
  deliveries: counter('webhook_deliveries', 'Attempts to deliver an event to a webhook, by what became of them.', {
    outcome: ['delivered', 'retried', 'dead'],
  }),
  deliveryLag: seconds('webhook_delivery_lag', 'From making or replaying an event to its being accepted.', WAITS),
  deliveryQueue: gauge('webhook_queue', 'Deliveries that wait or are under way, and dead letters.', {
    state: ['waiting', 'active', 'dead'],
  }),
  deliveryOldest: gauge(
    'webhook_oldest_seconds',
    'How long the oldest delivery has waited, not counting those of paused webhooks.',
  ),
  webhooks: gauge('webhooks', 'Webhooks by what they are set to.', { status: ['active', 'paused', 'disabled'] }),
  webhooksFailing: gauge('webhooks_failing', 'Webhooks, not paused, whose receiver does not take what it is sent.'),
});

const proxies = ({ counter, gauge, seconds }: Declare) => {
  const status = ['unknown', 'healthy', 'failing', 'quarantine'];
  return {
    proxies: gauge('proxies', 'Proxies of the pool by how they do.', { status }),
    proxySessions: gauge('proxy_sessions', 'Sessions that have their place at a proxy that does so.', { status }),
    proxyProbes: counter('proxy_probes', 'Probes of proxies of the pool.', { outcome: ['ok', 'failed'] }),
    proxyProbeSeconds: seconds('proxy_probe', 'How long a probe that succeeded took.', CALLS),
    proxyMoves: counter('proxy_moves', 'Sessions that went from one proxy of the pool to another.'),
  };
};

const protocol = ({ counter, gauge }: Declare) => ({
  operations: counter('operations', 'What was asked of WhatsApp, by whether it worked.', {
    operation: '`connect`, `send`, `query`, `decrypt`, `recipients_decrypt`',
    outcome: ['success', 'failure'],
  }),
  drift: counter('protocol_drift', 'Things WhatsApp sent that this version does not know, each time.', {
    kind: 'a kind of GET /protocol/report',
  }),
  findings: gauge('protocol_findings', 'Findings of GET /protocol/report that stand.', {
    kind: 'a kind of GET /protocol/report',
  }),
});

const runtime = ({ counter, gauge, seconds }: Declare) => ({
  info: gauge('runtime_info', 'Is 1; says which version runs.', { version: 'of the runtime' }),
  requestSeconds: seconds('api_request', 'How long requests took; those that wait on purpose included.', CALLS, {
    method: 'an HTTP method',
    route: 'as /openapi.json has it, `none` for what there is not',
    status: '`2xx`, `4xx`, `5xx`',
  }),
  errors: counter('api_errors', 'Errors told to callers.', { code: 'a code of errors.md' }),
  eventLoopStall: gauge(
    'event_loop_stall_seconds',
    'The longest the event loop stood still between the last two looks of the watchdog.',
  ),
  eventLoopStalled: counter('event_loop_stalled_seconds', 'Time in which the event loop stood still, seconds.'),
  commitSeconds: seconds('store_commit', 'How long a transaction of the store took.', QUICK),
  syncSeconds: seconds('store_sync', 'How long the disk took to make commits safe from a power cut.', QUICK),
  scrapeFailures: counter('scrape_failures', 'Groups of gauges that could not be read, and kept their former values.'),
});

/** All metrics, with the registry they are served from. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const declare = declarations(registry);
  const looks: (() => Promise<void>)[] = [];
  return {
    ...{ ...sessions(declare), ...messages(declare), ...events(declare) },
    ...{ ...proxies(declare), ...protocol(declare), ...runtime(declare) },
    registry,
    declared: declare.declared as readonly DeclaredMetric[],
    /** `look` sets gauges; it is called for each scrape and never rejects. */
    beforeScrape: (look: () => Promise<void>) => void looks.push(look),
    /** As Prometheus reads it. */
    async scrape(): Promise<string> {
      for (const look of looks) await look();
      return await registry.metrics();
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
