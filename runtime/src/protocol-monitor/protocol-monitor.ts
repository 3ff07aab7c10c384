/**
 * Notices when WhatsApp changes: what comes that nobody knows, operations that fail more often than they should, and
 * connections that fail one after the other. It only observes; what it saw is in the report of spec 11.3, over restarts,
 * and each thing is an alert of spec 11.4, once.
 */
import { toError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Operation, ProtocolSign } from '../session/session.ts';
import type { Database, KeyValue } from '../store/store.ts';
import { sleepUnlessAborted } from '../time.ts';
import { adviceOn, alertOf, type FindingKind, type ProtocolAlertCode } from './advice.ts';
import { Breaks } from './breaks.ts';
import { Findings, type Finding } from './findings.ts';
import { Rates, type SavedRates } from './rates.ts';
import { reportOf, type ProtocolReport } from './report.ts';

export { PROTOCOL_ALERT_CODES, type ProtocolAlertCode } from './advice.ts';
export { joinReports, type Anomaly, type ProtocolReport } from './report.ts';

export interface ProtocolAlert {
  code: ProtocolAlertCode;
  state: 'firing' | 'resolved';
  /** What it is about, such as `notification:some_new_type`. */
  subject: string;
  /** When it began; makes each alert's facts its own. */
  since: number;
  action: string;
}

export interface ProtocolMonitor {
  note(session: SessionId, sign: ProtocolSign): void;
  report(): ProtocolReport;
  /** The session is gone. */
  forget(session: SessionId): void;
  /** Now and then saves and ends alerts that are over, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when all that was found and counted is durable, and its alerts are. */
  save(): Promise<void>;
}

export interface ProtocolMonitorDeps {
  database: Database;
  /** Which of several workers this is, the same after a restart: each keeps what it found and counted by itself. */
  worker?: string | undefined;
  /** Resolves when the alert is durable, or there is no such session any more. */
  tell(session: SessionId, alert: ProtocolAlert): Promise<void>;
  log: Logger;
  now?: () => number;
}

const namespaceOf = ({ worker }: Pick<ProtocolMonitorDeps, 'worker'>) =>
  worker === undefined ? 'protocol' : `protocol ${worker}`;
const RATES = 'rates';
const HOUR_MS = 3_600_000;
const SAVE_EVERY_MS = 30_000;
/** What is new and was not seen for so long is an alert no more; after a month it is forgotten. */
const QUIET_MS = 24 * HOUR_MS;
const FORGET_MS = 30 * QUIET_MS;
/** Spec 11.4: more than three in a row. */
const HANDSHAKES = 4;

/** Reads what a former run had found. */
export async function openProtocolMonitor(deps: ProtocolMonitorDeps): Promise<ProtocolMonitor> {
  return new Monitor(deps, new Map(await deps.database.snapshot(namespaceOf(deps))));
}

class Monitor implements ProtocolMonitor {
  readonly #deps: ProtocolMonitorDeps;
  readonly #now: () => number;
  readonly #rows: KeyValue;
  readonly #findings: Findings;
  readonly #rates: Rates;
  readonly #breaks = new Breaks();
  /** Connections in a row, of whichever session, that were not let in. */
  #refused = 0;

  constructor(deps: ProtocolMonitorDeps, saved: ReadonlyMap<string, unknown>) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#rates = new Rates(saved.get(RATES) as SavedRates | undefined);
    const tell = (finding: Finding) => deps.tell(finding.session, alertFrom(finding));
    const onError = (error: unknown) => deps.log.error({ err: toError(error) }, 'a finding was not saved');
    this.#rows = deps.database.keyValue(namespaceOf(deps));
    this.#findings = new Findings({ rows: this.#rows, tell, onError }, saved);
  }

  note(session: SessionId, sign: ProtocolSign): void {
    if (sign.sign === 'drift') this.#see(sign.kind, sign.name, session);
    if (sign.sign === 'operation') this.#count(sign.operation, sign.success, session);
    if (sign.sign === 'entered') this.#entered(session);
    if (sign.sign === 'ended') this.#ended(session, sign);
  }

  report(): ProtocolReport {
    const now = this.#now();
    return reportOf({ start: now - HOUR_MS, end: now }, this.#rates.hour(now), this.#findings.list());
  }

  forget(session: SessionId): void {
    this.#breaks.forget(session);
  }

  async run(signal: AbortSignal): Promise<void> {
    do {
      this.#tidy();
      await this.save();
    } while (await sleepUnlessAborted(SAVE_EVERY_MS, signal));
  }

  async save(): Promise<void> {
    await this.#findings.save();
    await this.#rows.set(RATES, this.#rates.saved());
  }

  #see(kind: FindingKind, name: string, session: SessionId): void {
    if (!this.#findings.see(kind, name, session, this.#now())) return;
    this.#deps.log.warn({ sessionId: session, kind, name }, 'WhatsApp did something this version does not know');
  }

  #count(operation: Operation, success: boolean, session: SessionId): void {
    const now = this.#now();
    this.#rates.note(operation, success, now);
    if (!success && this.#rates.isLow(operation, now) === true) this.#see('success_rate', operation, session);
  }

  #entered(session: SessionId): void {
    this.#refused = 0;
    this.#count('connect', true, session);
    this.#findings.settle('handshake', 'in_a_row');
  }

  /** What fails on the way to a proxy says nothing of WhatsApp; that it wants a new connection is no trouble. */
  #ended(session: SessionId, { entered, reason }: ProtocolSign & { sign: 'ended' }): void {
    if (reason === 'proxy_failed' || reason === 'restart_required' || reason === 'qr_expired') return;
    if (!entered) {
      this.#count('connect', false, session);
      if (++this.#refused >= HANDSHAKES) this.#see('handshake', 'in_a_row', session);
    } else if (this.#breaks.note(session, reason, this.#now())) {
      this.#see('connection_pattern', reason, session);
    }
  }

  #tidy(): void {
    const now = this.#now();
    for (const finding of this.#findings.list()) {
      const { kind, name, lastSeen, state, told } = finding;
      if (state === 'firing' && this.#isOver(finding, now)) this.#findings.settle(kind, name);
      if (state === 'resolved' && told && now - lastSeen > FORGET_MS) this.#findings.forget(finding);
    }
  }

  /** Failing handshakes are over when one succeeds, see `#entered`. */
  #isOver({ kind, name, lastSeen }: Finding, now: number): boolean {
    if (kind === 'success_rate') return this.#rates.isLow(name as Operation, now) !== true;
    if (kind === 'handshake') return false;
    return now - lastSeen > (kind === 'connection_pattern' ? HOUR_MS : QUIET_MS);
  }
}

const alertFrom = ({ kind, name, state, since }: Finding): ProtocolAlert => ({
  ...{ code: alertOf(kind), state, subject: `${kind}:${name}`, since, action: adviceOn(kind, [name]) },
});
