/**
 * Notices when WhatsApp changes: disconnect codes nobody knows, and operations that fail more often than they used to.
 * It only observes; what it saw is in the report of spec 11.3.
 */
import type { Logger } from '../log.ts';

export interface ProtocolReport {
  period: { start: number; end: number };
  operations: Record<
    string,
    { total: number; success: number; failure: number; unknownErrors: { code: number; count: number }[] }
  >;
  anomalies: {
    timestamp: number;
    type: 'unknown_error';
    details: { operation: string; code: number | null; message: string };
  }[];
  /** What a person can do, one sentence each. */
  recommendations: string[];
}

export interface ProtocolMonitor {
  /** An operation ended; with an unknown error it is an anomaly. */
  note(operation: string, success: boolean, unknown?: { code: number | undefined; message: string }): void;
  report(): ProtocolReport;
}

const MOST_ANOMALIES = 100;
const LOW_SUCCESS = 0.95;
const ENOUGH = 20;

interface Tally {
  total: number;
  success: number;
  unknown: Map<number, number>;
}

export function createProtocolMonitor({ log, now = Date.now }: { log: Logger; now?: () => number }): ProtocolMonitor {
  const start = now();
  const operations = new Map<string, Tally>();
  const anomalies: ProtocolReport['anomalies'] = [];
  return {
    note(operation, success, unknown) {
      const tally = operations.get(operation) ?? { total: 0, success: 0, unknown: new Map() };
      operations.set(operation, tally);
      tally.total++;
      if (success) tally.success++;
      if (!unknown) return;
      const { code, message } = unknown;
      if (code !== undefined) tally.unknown.set(code, (tally.unknown.get(code) ?? 0) + 1);
      log.warn({ operation, code }, 'WhatsApp did something this version does not know');
      anomalies.push({ timestamp: now(), type: 'unknown_error', details: { operation, code: code ?? null, message } });
      if (anomalies.length > MOST_ANOMALIES) anomalies.shift();
    },
    report: () => ({
      period: { start, end: now() },
      operations: Object.fromEntries([...operations].map(([name, tally]) => [name, row(tally)])),
      anomalies: [...anomalies],
      recommendations: recommend(operations, anomalies.length),
    }),
  };
}

const row = ({ total, success, unknown }: Tally) => ({
  total,
  success,
  failure: total - success,
  unknownErrors: [...unknown].map(([code, count]) => ({ code, count })),
});

function recommend(operations: Map<string, Tally>, anomalies: number): string[] {
  const failing = [...operations]
    .filter(([, { total, success }]) => total >= ENOUGH && success / total < LOW_SUCCESS)
    .map(([name]) => `Fewer than 95 of 100 times "${name}" succeeds: see the log and whether a newer version is out.`);
  if (anomalies > 0) failing.push('WhatsApp answered with codes this version does not know: look for a newer version.');
  return failing;
}
