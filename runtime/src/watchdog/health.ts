/** How a session does, in spec 8.3's three words and in a sentence for people. Pure. */
import type { Session, SessionInfo, SessionStatus, Vitals } from '../session/session.ts';
import { WINDOW_MS } from './judge.ts';

export interface SessionHealth {
  /** `healthy`: works. `degraded`: it works on it by itself. `unhealthy`: somebody has to do something. */
  status: 'healthy' | 'degraded' | 'unhealthy';
  connection: SessionStatus;
  /** What is the matter, and what can be done. */
  verdict: { message: string; action: string };
  /** When anything last came from WhatsApp, ISO 8601; null while there is no connection. */
  lastActivity: string | null;
  reconnectAttempts: number;
  proxyStatus: 'connected' | 'error' | 'unknown';
}

const AT_WORK: ReadonlySet<SessionStatus> = new Set<SessionStatus>(['connecting', 'qr', 'pairing', 'reconnecting']);
const OF_PROXY: ReadonlySet<string> = new Set(['proxy_failed', 'no_proxy_available']);
const WELL = { message: 'The session is connected, and WhatsApp answers.', action: 'Nothing to do.' };

export function healthOf(session: Pick<Session, 'info' | 'live' | 'suspicions'>, now: number): SessionHealth {
  const info = session.info();
  const suspicions = session.suspicions(now - WINDOW_MS);
  return {
    ...{ ...judged(info, suspicions), connection: info.status, reconnectAttempts: info.reconnectAttempts },
    lastActivity: lastSign(session.live()?.vitals()),
    proxyStatus: proxyOf(info),
  };
}

function judged({ status, reason }: SessionInfo, suspicions: number): Pick<SessionHealth, 'status' | 'verdict'> {
  const { message, action } = reason;
  if (status !== 'connected') {
    return { status: AT_WORK.has(status) ? 'degraded' : 'unhealthy', verdict: { message, action } };
  }
  if (suspicions === 0) return { status: 'healthy', verdict: WELL };
  const times = suspicions === 1 ? 'once' : `${suspicions} times`;
  return {
    status: 'degraded',
    verdict: {
      message: `The session is connected again, after WhatsApp had fallen silent ${times} within ten minutes.`,
      action: 'Nothing to do unless it goes on; then check the internet connection and the proxy of this session.',
    },
  };
}

const lastSign = (vitals: Vitals | undefined): string | null =>
  vitals ? new Date(vitals.lastFrameAt).toISOString() : null;

function proxyOf({ proxy, status, reason }: SessionInfo): SessionHealth['proxyStatus'] {
  if (OF_PROXY.has(reason.code)) return 'error';
  return proxy !== null && status === 'connected' ? 'connected' : 'unknown';
}
