/** A job on Redis, and what is told of it. */
import { STATES, type Step } from './job-steps.ts';
import type { Job } from './store.ts';

/** A job as Redis keeps it. */
export interface JobRow {
  id: string;
  lane: string;
  step: Step;
  sequence: string;
  priority: string;
  runAt: string;
  dueAt?: string;
  createdAt: string;
  attemptsMade: string;
  attempts?: string;
  started: string;
  reason?: string;
  finishedAt?: string;
  claim?: string;
}

/** The row, the data and the note. */
export type Answer = [row: string, data: string, note: string | null];

export function toJob<Data>([text, data, note]: Answer): Job<Data> {
  const row = JSON.parse(text) as JobRow;
  return {
    id: row.id,
    data: JSON.parse(data) as Data,
    state: STATES[row.step],
    lane: row.lane,
    priority: Number(row.priority),
    runAt: Number(row.runAt),
    createdAt: Number(row.createdAt),
    attemptsMade: Number(row.attemptsMade),
    attempts: row.attempts === undefined ? null : Number(row.attempts),
    started: Number(row.started),
    reason: row.reason ?? null,
    heldUntil: row.step === 'held' || row.step === 'aside' ? Number(row.dueAt) : null,
    finishedAt: row.finishedAt === undefined ? null : Number(row.finishedAt),
    note: note === null ? null : (JSON.parse(note) as unknown),
  };
}
