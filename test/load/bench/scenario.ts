/** What a scenario of the bench is, and the row that comes of it. */
import type { Bench } from './bench.ts';

export interface Measured {
  readonly value: number;
  readonly bare: number;
}

/** What is asked of the value, or of its ratio to the same of bare clients. */
export type Goal = { readonly of: 'value' | 'ratio' } & ({ readonly atMost: number } | { readonly atLeast: number });

export interface Scenario {
  /** One word, to choose it by. */
  readonly name: string;
  readonly what: string;
  readonly unit: string;
  readonly goals: readonly Goal[];
  readonly measure: (bench: Bench) => Promise<Measured>;
}

/** Scenarios, in their order, on one sandbox and on sessions that are linked once for all of them. */
export interface Stage {
  readonly scenarios: readonly Scenario[];
  readonly prepare: (bench: Bench) => Promise<void>;
}

/** Nothing but this is in a line of `--json`. */
export interface Row {
  readonly scenario: string;
  /** None when the scenario failed. */
  readonly value: number | null;
  readonly unit: string;
  readonly bare: number | null;
  /** Ours by theirs. */
  readonly ratio: number | null;
  readonly goal: string;
  readonly ok: boolean;
  /** Why it was not measured; only there when it was not. */
  readonly skipped?: string;
}

/** What a scenario needs is not there, such as a program; the message says what. */
export class Skipped extends Error {}

type Subject = Pick<Scenario, 'name' | 'unit' | 'goals'>;

const round = (value: number, digits: number): number => Math.round(10 ** digits * value) / 10 ** digits;
/** Small values are told more exactly, large ones in whole numbers. */
const rounded = (value: number): number => round(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);

function isMet(goal: Goal, { value, ratio }: { value: number; ratio: number }): boolean {
  const measured = goal.of === 'value' ? value : ratio;
  return 'atMost' in goal ? measured <= goal.atMost : measured >= goal.atLeast;
}

function goalText({ unit, goals }: Subject): string {
  const texts = goals.map((goal) => {
    const bound = 'atMost' in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
    return goal.of === 'ratio' ? `${bound}x bare` : `${bound} ${unit}`;
  });
  return texts.join(', ');
}

/** Goals are held against what was measured, not against what is shown of it. */
export function rowOf(subject: Subject, { value, bare }: Measured): Row {
  const ratio = value / bare;
  const ok = subject.goals.every((goal) => isMet(goal, { value, ratio }));
  const shown = { value: rounded(value), unit: subject.unit, bare: rounded(bare) };
  return { scenario: subject.name, ...shown, ratio: round(ratio, 2), goal: goalText(subject), ok };
}

export const failedRow = (subject: Subject): Row => ({
  ...{ scenario: subject.name, value: null, unit: subject.unit, bare: null, ratio: null },
  ...{ goal: goalText(subject), ok: false },
});

/** Of one that could not be measured; one that was left out by a `Skipped` says so. */
export const rowWithout = (subject: Subject, error: unknown): Row => ({
  ...failedRow(subject),
  ...(error instanceof Skipped && { skipped: error.message }),
});

/** The value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
