/**
 * What a person has to look at, told once when it begins and once when it is over. Alerts are events like others, so that a
 * workflow can pass them on; the same alert of a session is not told again while it stands, over restarts and at whichever worker.
 */
import type { AlertEvent, Fact } from '../events.ts';
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Session, SessionInfo, SessionStatus } from '../session/session.ts';
import type { Database } from '../store/store.ts';
import { StandingAlerts, type Wording } from './standing-alerts.ts';

/** Every alert with the sentence the documentation shows for it. */
export const ALERTS = {
  session_logged_out: 'The account was unlinked from the phone or by WhatsApp; somebody has to link it again.',
  session_banned: 'WhatsApp has locked or banned the account.',
  session_replaced: 'Another client took over the link of this session.',
  session_deleted: 'The session was deleted while a webhook, such as that of a workflow, listened to it alone.',
  session_failed: 'The connection keeps failing and is now tried only now and then.',
  session_reconnecting: 'The session could not connect again three times in a row; it goes on trying.',
  session_unwell: 'The connection breaks again and again; the session sends nothing for five minutes.',
  proxy_down: 'The proxy of this session does not work; the session uses another of the pool if there is one.',
  no_proxy_available: 'No proxy is free for this session, and it does not connect without one.',
  phone_offline:
    "The account's phone has not been online for twelve days; after fourteen WhatsApp unlinks its devices.",
  webhook_failing: 'A webhook does not take what it is sent; it is tried again, and later events wait in their order.',
  webhook_gave_up: 'Something for a webhook was given up, or its receiver said that it is gone for good.',
  protocol_changed: 'WhatsApp did something this version does not know; the protocol report has all of it.',
  version_refused: 'WhatsApp takes no client of this version any more.',
  handshake_failing: 'More than three connections in a row, of whichever session, were not let in by WhatsApp.',
  success_rate_low: 'Within an hour fewer than 95 of 100 operations of one kind succeeded.',
  connections_breaking: 'The connection of a session ended six times within ten minutes for the same reason.',
} as const satisfies Record<string, string>;

export type AlertCode = keyof typeof ALERTS;

/** What to say, where the alert itself does not say it all. */
const WORDING: Record<'session_unwell' | 'phone_offline' | 'session_reconnecting' | 'proxy_down', Wording> = {
  proxy_down: {
    message: ALERTS.proxy_down,
    action: 'See the list of proxies for what is wrong with it; add another, or mend this one.',
  },
  session_reconnecting: {
    message: ALERTS.session_reconnecting,
    action: 'See the reason in the session status; it says what can be done.',
  },
  session_unwell: {
    message: ALERTS.session_unwell,
    action: 'Check the internet connection and the proxy of this session, or give it another proxy.',
  },
  phone_offline: {
    message: ALERTS.phone_offline,
    action: 'Open WhatsApp on the phone of this account while it has internet.',
  },
};

/** The states that are alerts. A logout that was asked for is none. */
const OF_STATE: Partial<Record<SessionStatus, AlertCode>> = {
  logged_out: 'session_logged_out',
  banned: 'session_banned',
  replaced: 'session_replaced',
  failed: 'session_failed',
};
/** Nobody tries any more, so it is no trouble that it did not work. */
const OVER_WHEN_ENDED: AlertCode[] = ['session_failed', 'session_reconnecting', 'proxy_down'];
const OVER_WHEN_CONNECTED: AlertCode[] = [...Object.values(OF_STATE), ...OVER_WHEN_ENDED];
const ENDED: ReadonlySet<SessionInfo['reason']['code']> = new Set([
  'disconnected_by_user',
  'logged_out_by_user',
] as const);

const OF_WEBHOOK = {
  webhook_failing: 'See the deliveries of the webhook for why; a ping tries it again at once.',
  webhook_gave_up: 'Mend the receiver, resume the webhook if it is disabled, then redrive what was given up.',
};

/** What is told of a webhook: the same words for the same trouble, whenever it is told. `began` names the event it began with. */
export const webhookAlert = (
  code: keyof typeof OF_WEBHOOK,
  state: AlertEvent['state'],
  subject: WebhookId,
  began: EventId,
): Fact => ({
  event: 'alert',
  fact: `alert:${code}:${subject}:${began}:${state}`,
  data: { alert: code, state, subject, message: ALERTS[code], action: OF_WEBHOOK[code] },
});

/** A session that somebody listens to is deleted: what they are told last. Its hash tells it from another of the same id. */
export const deletedAlert = (hash: string): Fact => ({
  event: 'alert',
  fact: `alert:session_deleted:${hash}:firing`,
  data: {
    ...{ alert: 'session_deleted', state: 'firing', subject: null, message: ALERTS.session_deleted },
    action:
      'What came before is still delivered. Make a session with this id again or choose another in the trigger, then publish the workflow again.',
  },
});

/** An alert about WhatsApp itself, told by the session that met it. */
export const protocolAlert = (alert: {
  code: AlertCode;
  state: AlertEvent['state'];
  subject: string;
  since: number;
  action: string;
}): Fact => {
  const { code, state, subject, since, action } = alert;
  const fact = `alert:${code}:${subject}:${since}:${state}`;
  return { event: 'alert', fact, data: { alert: code, state, subject, message: ALERTS[code], action } };
};

export interface Alerts {
  /** Begins an alert; does nothing while it stands. */
  raise(session: Session, code: keyof typeof WORDING): void;
  /** Ends an alert; does nothing when it does not stand. */
  settle(session: Session, code: AlertCode): void;
  /** A session changed state: begins and ends the alerts that follow from that. */
  stateChanged(session: Session, info: SessionInfo): void;
  /** How many sessions here each alert stands for. */
  standing(): Map<AlertCode, number>;
  /** Resolves when all that was begun for a session is told. It is no longer here then, and nothing more is told of it. */
  forget(session: Session): Promise<void>;
}

export interface AlertsDeps {
  /** Where what stands is kept. */
  database(session: SessionId): Database;
  /** Resolves when the event is durable. */
  publish(session: SessionId, fact: Fact): Promise<unknown>;
  /** Sees to what nobody waits for. */
  watch(session: SessionId, what: string, work: Promise<unknown>): void;
  now?: () => number;
}

export function createAlerts({ database, publish, watch, now = Date.now }: AlertsDeps): Alerts {
  const here = new Map<SessionId, { session: Session; alerts: StandingAlerts }>();
  const gone = new WeakSet<Session>();
  const of = (session: Session): StandingAlerts => {
    const known = here.get(session.id);
    if (known?.session === session) return known.alerts;
    const alerts = new StandingAlerts(database(session.id), (fact) => publish(session.id, fact));
    here.set(session.id, { session, alerts });
    return alerts;
  };
  const begin = (session: Session, code: AlertCode, { message, action }: Wording) => {
    if (gone.has(session)) return;
    watch(session.id, 'an alert', of(session).begin(code, { message, action, since: now() }));
  };
  const end = (session: Session, ...codes: AlertCode[]) => {
    if (gone.has(session) || !of(session).mayStand(codes)) return;
    watch(session.id, 'the end of an alert', of(session).end(codes));
  };
  return {
    raise: (session, code) => begin(session, code, WORDING[code]),
    settle: end,
    stateChanged(session, { status, reason }) {
      const code = OF_STATE[status];
      if (code && reason.code !== 'logged_out_by_user') begin(session, code, reason);
      if (reason.code === 'no_proxy_available') begin(session, 'no_proxy_available', reason);
      else end(session, 'no_proxy_available');
      if (status === 'connected') end(session, ...OVER_WHEN_CONNECTED);
      if (ENDED.has(reason.code)) end(session, ...OVER_WHEN_ENDED);
    },
    standing() {
      const codes = [...here.values()].flatMap(({ alerts }) => alerts.codes());
      return new Map([...Map.groupBy(codes, (code) => code)].map(([code, all]) => [code, all.length]));
    },
    async forget(session) {
      gone.add(session);
      const known = here.get(session.id);
      if (known?.session !== session) return;
      here.delete(session.id);
      await known.alerts.atRest();
    },
  };
}
