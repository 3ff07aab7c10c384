/** The report of spec 11.3, of one process or of several workers. */
import type { Operation } from '../session/session.ts';
import { adviceOn, isPattern, type FindingKind } from './advice.ts';
import type { Finding } from './findings.ts';
import type { Tally } from './rates.ts';

export interface Anomaly {
  /** When it was seen first, ms since 1970. */
  timestamp: number;
  type: 'unknown_error' | 'unexpected_message' | 'connection_pattern';
  details: {
    /** What is new or wrong, and what WhatsApp calls it. */
    kind: FindingKind;
    name: string;
    count: number;
    lastSeen: number;
    /** Whether its alert stands. */
    state: 'firing' | 'resolved';
  };
  /** What a person can do about it. */
  recommendation: string;
}

interface OperationCount {
  total: number;
  success: number;
  failure: number;
  unknownErrors: { code: number; count: number }[];
}

export interface ProtocolReport {
  /** The hour that the operations are counted over. */
  period: { start: number; end: number };
  operations: Record<string, OperationCount>;
  anomalies: Anomaly[];
  /** What a person can do, one sentence for each kind of anomaly that stands. */
  recommendations: string[];
}

/** Unknown error numbers belong to these operations in the report. */
const ERRORS_OF: Partial<Record<FindingKind, Operation>> = {
  disconnect_code: 'connect',
  message_refusal: 'send',
  query_error: 'query',
};
const ERRORS: ReadonlySet<FindingKind> = new Set<FindingKind>([
  ...(Object.keys(ERRORS_OF) as FindingKind[]),
  ...(['stream_error', 'login_refusal', 'version_refused'] as const),
]);

/** What one process has counted and found. */
export function reportOf(
  period: ProtocolReport['period'],
  rates: ReadonlyMap<Operation, Tally>,
  findings: readonly Finding[],
): ProtocolReport {
  const operations = [...rates].map(([name, tally]) => [name, countOf(name, tally, findings)]);
  return withAdvice(period, Object.fromEntries(operations) as ProtocolReport['operations'], findings.map(anomalyFrom));
}

/** One report of those of several workers: what is the same stands in it once. */
export function joinReports(reports: readonly ProtocolReport[]): ProtocolReport {
  const period = {
    start: Math.min(...reports.map((report) => report.period.start)),
    end: Math.max(...reports.map((report) => report.period.end)),
  };
  const counts = Map.groupBy(
    reports.flatMap(({ operations }) => Object.entries(operations)),
    ([name]) => name,
  );
  const operations = [...counts].map(([name, each]) => [name, joinCounts(each.map(([, count]) => count))]);
  const same = Map.groupBy(
    reports.flatMap(({ anomalies }) => anomalies),
    ({ details: { kind, name } }) => `${kind}:${name}`,
  );
  const anomalies = [...same.values()].map(joinAnomalies).sort((one, other) => one.timestamp - other.timestamp);
  return withAdvice(period, Object.fromEntries(operations) as ProtocolReport['operations'], anomalies);
}

function withAdvice(
  period: ProtocolReport['period'],
  operations: ProtocolReport['operations'],
  anomalies: Anomaly[],
): ProtocolReport {
  const standing = Map.groupBy(
    anomalies.filter(({ details }) => details.state === 'firing'),
    ({ details }) => details.kind,
  );
  const recommendations = [...standing].map(([kind, ofKind]) =>
    adviceOn(
      kind,
      ofKind.map(({ details }) => details.name),
    ),
  );
  return { period, operations, anomalies, recommendations };
}

function joinCounts(counts: readonly OperationCount[]): OperationCount {
  const errors = Map.groupBy(
    counts.flatMap(({ unknownErrors }) => unknownErrors),
    ({ code }) => code,
  );
  return {
    total: sum(counts.map(({ total }) => total)),
    success: sum(counts.map(({ success }) => success)),
    failure: sum(counts.map(({ failure }) => failure)),
    unknownErrors: [...errors].map(([code, each]) => ({ code, count: sum(each.map(({ count }) => count)) })),
  };
}

/** It stands while it does at one of the workers. */
function joinAnomalies(same: readonly Anomaly[]): Anomaly {
  const [first] = same as readonly [Anomaly];
  const details = same.map((anomaly) => anomaly.details);
  return {
    ...first,
    timestamp: Math.min(...same.map(({ timestamp }) => timestamp)),
    details: {
      ...first.details,
      count: sum(details.map(({ count }) => count)),
      lastSeen: Math.max(...details.map(({ lastSeen }) => lastSeen)),
      state: details.some(({ state }) => state === 'firing') ? 'firing' : 'resolved',
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

const typeOf = (kind: FindingKind): Anomaly['type'] => {
  if (isPattern(kind)) return 'connection_pattern';
  return ERRORS.has(kind) ? 'unknown_error' : 'unexpected_message';
};

const anomalyFrom = ({ kind, name, firstSeen, lastSeen, count, state }: Finding): Anomaly => ({
  timestamp: firstSeen,
  type: typeOf(kind),
  details: { kind, name, count, lastSeen, state },
  recommendation: adviceOn(kind, [name]),
});

const countOf = (operation: Operation, { total, success }: Tally, findings: readonly Finding[]): OperationCount => ({
  ...{ total, success, failure: total - success },
  unknownErrors: findings
    .filter(({ kind, name }) => ERRORS_OF[kind] === operation && /^\d+$/.test(name))
    .map(({ name, count }) => ({ code: Number(name), count })),
});
