/**
 * Measures every session from outside, in both directions, and acts where a session cannot know that it is ill: a
 * half-open connection (the client itself would take up to 95 s), one that is deaf, one that breaks again and again; and
 * it reports a stalled event loop and a phone that stays away. Acts through the session and the outbox's brake, never
 * around them. `judge.ts` says what the signs mean and what helps, `alerts.ts` what people are told.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { toError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { LiveSocket, Session } from '../session/session.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { Alerts } from './alerts.ts';
import { judge, judgePhone, remedyFor, WINDOW_MS, type Remedy } from './judge.ts';
import { Standstills } from './standstills.ts';

export { healthOf, type SessionHealth } from './health.ts';
export { createAlerts, deletedAlert, protocolAlert, webhookAlert, type Alerts } from './alerts.ts';

export interface WatchdogDeps {
  sessions(): Session[];
  alerts: Alerts;
  /** Lets the session send nothing for so long, ms. */
  brake(session: SessionId, ms: number): void;
  /** How often each session is pinged, ms. */
  pingIntervalMs: number;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
}

const LOOKS_PER_INTERVAL = 3;
/** Spec 10.1. */
const PING_TIMEOUT_MS = 10_000;
const ALERT_AFTER_ATTEMPTS = 3;
const STALLED_MS = 1_000;
const BRAKE_MS = 300_000;
const ASK_PHONE_EVERY_MS = 86_400_000;

const STRENGTH = { reconnect: 0, other_proxy: 1, restart: 2, brake: 3 } as const satisfies Record<Remedy, number>;
const SENTENCES = {
  silent: 'no sign of life from WhatsApp',
  deaf: 'messages are taken, but nothing arrives any more',
} as const;

/** What the watchdog remembers of a session. */
interface Patient {
  live: LiveSocket | null;
  pingedAt: number;
  /** The connection that owes an answer to a ping. */
  pinging: LiveSocket | null;
  /** The connection before was ended as deaf; whether it was is not known yet. */
  suspectedDeaf: boolean;
  /** Wrong suspicions of deafness in a row. */
  doubts: number;
  remedy: Remedy;
  phoneAskedAt: number;
}

const stranger = (): Patient => ({
  ...{ live: null, pingedAt: 0, pinging: null, suspectedDeaf: false, doubts: 0, remedy: 'reconnect', phoneAskedAt: 0 },
});

/** Watches until the signal aborts. */
export async function runWatchdog(deps: WatchdogDeps, signal: AbortSignal): Promise<void> {
  const { pingIntervalMs, metrics, log } = deps;
  const standstills = new Standstills(deps.now ?? Date.now, (ms) => metrics.eventLoopStalled.inc(ms / 1_000));
  const watchdog = new Watchdog(deps, standstills);
  const watching = standstills.watch(signal);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  try {
    while (await sleepUnlessAborted(pingIntervalMs / LOOKS_PER_INTERVAL, signal)) {
      const stalledMs = delay.max / 1e6;
      delay.reset();
      metrics.eventLoopStall.set(stalledMs / 1_000);
      // After a stall every session looks silent; their frames are waiting to be read.
      if (stalledMs > STALLED_MS) log.warn({ stalledMs }, 'the event loop stood still');
      else watchdog.look();
    }
  } finally {
    delay.disable();
    await Promise.all([watching, watchdog.atRest()]);
  }
}

class Watchdog {
  readonly #deps: WatchdogDeps;
  readonly #now: () => number;
  readonly #standstills: Standstills;
  #patients = new Map<SessionId, Patient>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(deps: WatchdogDeps, standstills: Standstills) {
    this.#deps = deps;
    this.#standstills = standstills;
    this.#now = deps.now ?? Date.now;
  }

  look(): void {
    const sessions = this.#deps.sessions();
    this.#patients = new Map(sessions.map(({ id }) => [id, this.#patients.get(id) ?? stranger()]));
    for (const session of sessions) {
      const patient = this.#patients.get(session.id) ?? stranger();
      this.#climb(session, patient);
      this.#lookAtTries(session);
      const live = session.live();
      if (live) this.#examine(session, live, patient);
    }
  }

  /** Resolves when no remedy and no ping is under way. */
  async atRest(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #examine(session: Session, live: LiveSocket, patient: Patient): void {
    const now = this.#now();
    const vitals = live.vitals();
    if (patient.live !== live) Object.assign(patient, { live, pingedAt: now });
    if (patient.suspectedDeaf && vitals.missed !== null) {
      patient.suspectedDeaf = false;
      patient.doubts = vitals.missed > 0 ? 0 : patient.doubts + 1;
    }
    const { pingIntervalMs, metrics, log } = this.#deps;
    const { since } = session.info();
    const stoodStillSince = (time: number) => this.#standstills.since(time);
    const verdict = judge({ vitals, since, now, pingIntervalMs, doubts: patient.doubts, stoodStillSince });
    if (verdict !== 'healthy') {
      metrics.remedies.inc({ verdict });
      log.warn({ sessionId: session.id, verdict }, 'the connection is unwell; connecting again');
      patient.suspectedDeaf = verdict === 'deaf';
      return session.suspect(SENTENCES[verdict]);
    }
    if (now - patient.pingedAt >= pingIntervalMs && patient.pinging !== live) {
      Object.assign(patient, { pingedAt: now, pinging: live });
      this.#inBackground(this.#ping(session, live, patient));
    }
    this.#lookForPhone(session, live, patient);
  }

  async #ping(session: Session, live: LiveSocket, patient: Patient): Promise<void> {
    const began = this.#now();
    try {
      this.#deps.metrics.pingSeconds.observe((await live.ping(PING_TIMEOUT_MS)) / 1_000);
    } catch {
      // A connection that has ended by itself needs no remedy.
      if (session.live() !== live) return;
      // The answer may have come and not been read in time; the judge knows whether anything came.
      if (this.#standstills.since(began) > STALLED_MS) return;
      this.#deps.metrics.remedies.inc({ verdict: 'silent' });
      this.#deps.log.warn({ sessionId: session.id, verdict: 'silent' }, 'the connection is unwell; connecting again');
      session.suspect(SENTENCES.silent);
    } finally {
      if (patient.pinging === live) patient.pinging = null;
    }
  }

  /** The remedy for suspicions in a row, whoever had them; each rung once, until all is quiet again. */
  #climb(session: Session, patient: Patient): void {
    const suspicions = session.suspicions(this.#now() - WINDOW_MS);
    const remedy = remedyFor(suspicions);
    if (suspicions === 0) this.#deps.alerts.settle(session, 'session_unwell');
    const stronger = STRENGTH[remedy] > STRENGTH[patient.remedy];
    patient.remedy = remedy;
    if (!stronger) return;
    this.#deps.metrics.remedies.inc({ verdict: remedy });
    this.#deps.log.warn({ sessionId: session.id, remedy, suspicions }, 'connecting again does not help');
    if (remedy === 'other_proxy') this.#inBackground(session.useAnotherProxy());
    if (remedy === 'restart') this.#inBackground(session.restart());
    if (remedy === 'brake') {
      this.#deps.brake(session.id, BRAKE_MS);
      this.#deps.alerts.raise(session, 'session_unwell');
    }
  }

  #lookAtTries(session: Session): void {
    const { status, reconnectAttempts } = session.info();
    if (status === 'reconnecting' && reconnectAttempts >= ALERT_AFTER_ATTEMPTS) {
      this.#deps.alerts.raise(session, 'session_reconnecting');
    }
  }

  #lookForPhone(session: Session, live: LiveSocket, patient: Patient): void {
    const now = this.#now();
    const verdict = judgePhone(session.phoneSeenAt(), now);
    if (verdict === 'seen') return this.#deps.alerts.settle(session, 'phone_offline');
    if (verdict === 'missing') this.#deps.alerts.raise(session, 'phone_offline');
    if (now - patient.phoneAskedAt < ASK_PHONE_EVERY_MS) return;
    patient.phoneAskedAt = now;
    this.#inBackground(live.askPhone());
  }

  #inBackground(work: Promise<unknown>): void {
    const failed = (thrown: unknown) => this.#deps.log.error({ err: toError(thrown) }, 'a remedy failed');
    const done = work.then(() => undefined, failed);
    this.#underWay.add(done);
    void done.then(() => this.#underWay.delete(done));
  }
}
