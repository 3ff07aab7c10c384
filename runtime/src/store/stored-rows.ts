/** What a database holds, in no engine's own way: to move it to another engine, and to see that all of it has come. */
import { createHash } from 'node:crypto';
import type { Step } from './job-steps.ts';

/** A row of a namespace. */
export interface ValueRow {
  kind: 'value';
  namespace: string;
  key: string;
  /** As it is kept: whoever reads the namespace knows how it is written. */
  text: string;
  /** ms since 1970; null for ever. */
  expiresAt: number | null;
}

/** A job of a queue, between two runs: what was being worked on when its process ended is to be started again. */
export interface JobRow {
  kind: 'job';
  queue: string;
  id: string;
  lane: string;
  step: Exclude<Step, 'active'>;
  data: string;
  note: string | null;
  priority: number;
  place: number;
  runAt: number;
  dueAt: number | null;
  createdAt: number;
  attemptsMade: number;
  attempts: number | null;
  started: number;
  reason: string | null;
  finishedAt: number | null;
}

/** An entry of a ledger. */
export interface EntryRow {
  kind: 'entry';
  ledger: string;
  sequence: number;
  id: string;
  position: number;
  body: string;
}

/** Jobs of one queue come in the order they were added, and are written in the order they come. */
export type Row = ValueRow | JobRow | EntryRow;

/** What all rows of a database come to, in whatever order an engine gives those that have none. */
export interface Sum {
  rows: number;
  digest: string;
}

const BITS = 256n;

/** Reads all rows and says what they come to: two databases with the same sum hold the same. */
export async function sumOf(rows: AsyncIterable<Row[]>): Promise<Sum> {
  const jobs = new Map<string, number>();
  let [count, total] = [0, 0n];
  for await (const batch of rows) {
    for (const row of batch) {
      const at = row.kind === 'job' ? (jobs.get(row.queue) ?? 0) : 0;
      if (row.kind === 'job') jobs.set(row.queue, at + 1);
      const hash = createHash('sha256')
        .update(JSON.stringify([at, ...inOrder(row)]))
        .digest('hex');
      total = BigInt.asUintN(Number(BITS), total + BigInt(`0x${hash}`));
      count += 1;
    }
  }
  return { rows: count, digest: total.toString(16) };
}

/** Fields by name, for engines make their rows in different ways. */
const inOrder = (row: Row) => Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1));
