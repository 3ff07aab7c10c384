/** What sessions tell, and where it goes. */
import type { Trouble } from './api/api.ts';
import type { Contacts } from './contacts/contacts.ts';
import { toError } from './errors.ts';
import type { EventEnvelope, Fact } from './events.ts';
import { toJid, type SessionId } from './ids.ts';
import type { Inbox, Self } from './inbox/inbox.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Outboxes } from './outbox/outbox.ts';
import type { ProtocolMonitor } from './protocol-monitor/protocol-monitor.ts';
import type { ProtocolSign, Session, SessionListeners } from './session/session.ts';
import { webhookAlert, type Alerts } from './watchdog/watchdog.ts';

/** What was begun for a session and nobody waits for. */
export class UnderWay {
  readonly #log: Logger;
  #isEnding = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs how it fails, if it does. */
  watch(sessionId: SessionId, what: string, work: Promise<unknown>): void {
    work.catch((thrown: unknown) =>
      this.#log[this.#isEnding ? 'debug' : 'error']({ err: toError(thrown), sessionId }, `${what} failed`),
    );
  }

  /** The store closes: what that interrupts is no trouble, for the next start handles it again. */
  end(): void {
    this.#isEnding = true;
  }
}

/** For those who tell something and do not wait until it is durable. */
const inBackground = (publish: Publish, underWay: UnderWay) => (sessionId: SessionId, fact: Fact) =>
  underWay.watch(sessionId, 'publishing', publish(sessionId, fact));

/** The account of a session; null for none. */
export function selfOf(session: Session | undefined): Self | null {
  if (!session) return null;
  const { phone, lid, pushName } = session.info();
  const addresses = [phone && `${phone.slice(1)}@s.whatsapp.net`, lid].map(toJid).filter((each) => each !== null);
  return { addresses, pushName };
}

/** Makes an event durable and has it delivered. */
export type Publish = (session: SessionId, fact: Fact) => Promise<EventEnvelope>;

/** Of a session that is gone nothing more is told. */
export async function publishIfThere(session: Session | undefined, fact: Fact, publish: Publish): Promise<void> {
  if (session) await publish(session.id, fact);
}

/** What is told of it by the session it began with. */
export const troubleAlert = ({ webhook, event, trouble, over }: Trouble): Fact =>
  webhookAlert(`webhook_${trouble}`, over ? 'resolved' : 'firing', webhook, event);

/** Who is told. */
export interface Hearers {
  publish: Publish;
  alerts: Alerts;
  inbox: Inbox;
  contacts: Contacts;
  outboxes: Outboxes;
  protocol: ProtocolMonitor;
  metrics: Metrics;
  underWay: UnderWay;
}

/** Where what a session tells goes. */
export function listen({
  publish,
  alerts,
  inbox,
  contacts,
  outboxes,
  protocol,
  metrics,
  underWay,
}: Hearers): SessionListeners {
  const tell = inBackground(publish, underWay);
  const report = (session: Session, fact: Fact) => tell(session.id, fact);
  const watch = ({ id }: Session, what: string, work: Promise<unknown>) => underWay.watch(id, what, work);
  return {
    onState(session, info) {
      const { status, reason, since } = info;
      const fact = `connection:${since}:${status}:${reason.code}`;
      report(session, { event: 'connection.update', fact, data: { status, reason } });
      watch(session, 'outbox', outboxes.connected(session.id, status === 'connected'));
      alerts.stateChanged(session, info);
    },
    onQr: (session, qr, expiresIn) =>
      report(session, { event: 'qr.update', fact: `qr:${qr}`, data: { qr, expiresIn } }),
    onMessages: (session, messages, offline, settle) => inbox.take(session.id, messages, offline, settle),
    onAddresses: (session, addresses) => watch(session, 'learning who is who', contacts.link(session.id, addresses)),
    onNews: (session, news, settle) => watch(session, news.what, inbox.hear(session.id, news).then(settle)),
    onReceipt: (session, { messageIds, status }, settle) =>
      watch(session, 'receipt', outboxes.receipt(session.id, messageIds, status).then(settle)),
    onRestriction: (session, restriction) =>
      watch(session, 'restriction', outboxes.restricted(session.id, restriction)),
    onProtocol({ id }, sign) {
      count(metrics, sign);
      protocol.note(id, sign);
    },
  };
}

function count({ operations, drift }: Metrics, sign: ProtocolSign): void {
  if (sign.sign === 'drift') drift.inc({ kind: sign.kind });
  if (sign.sign === 'operation')
    operations.inc({ operation: sign.operation, outcome: sign.success ? 'success' : 'failure' });
  if (sign.sign === 'entered') operations.inc({ operation: 'connect', outcome: 'success' });
  if (sign.sign === 'ended' && !sign.entered) operations.inc({ operation: 'connect', outcome: 'failure' });
}
