/**
 * What was found, each kind and name once, over restarts. A finding is written down before anybody is told of it, and as
 * told only after that: a crash in between tells it again under the same id, which is recognised.
 */
import { Mutex } from 'async-mutex';
import type { SessionId } from '../ids.ts';
import type { KeyValue } from '../store/store.ts';
import type { FindingKind } from './advice.ts';

export interface Finding {
  kind: FindingKind;
  name: string;
  /** When it was seen first and last, ms since 1970. */
  firstSeen: number;
  lastSeen: number;
  count: number;
  /** When its alert began, and the session whose subscribers hear of it. */
  since: number;
  session: SessionId;
  state: 'firing' | 'resolved';
  /** Whether they have been told of that state. */
  told: boolean;
}

/** Names come from outside: beyond so many of one kind all others are one. */
const MOST_OF_KIND = 20;
const OTHERS = 'others';
const PREFIX = 'finding:';
const keyOf = ({ kind, name }: Pick<Finding, 'kind' | 'name'>) => `${PREFIX}${kind}:${name}`;

export interface FindingsDeps {
  rows: KeyValue;
  /** Resolves when the alert is durable. */
  tell(finding: Readonly<Finding>): Promise<void>;
  /** Told of what failed. */
  onError(error: unknown): void;
}

export class Findings {
  readonly #deps: FindingsDeps;
  readonly #all: Map<string, Finding>;
  readonly #unsaved = new Set<Finding>();
  readonly #turn = new Mutex();

  constructor(deps: FindingsDeps, saved: ReadonlyMap<string, unknown>) {
    this.#deps = deps;
    const rows = [...saved].filter(([key]) => key.startsWith(PREFIX)) as [string, Finding][];
    this.#all = new Map(rows);
  }

  list(): Finding[] {
    return [...this.#all.values()].sort((a, b) => a.firstSeen - b.firstSeen);
  }

  /** Seen once more; true when that begins an alert. */
  see(kind: FindingKind, name: string, session: SessionId, now: number): boolean {
    const finding = this.#find(kind, name) ?? this.#make(kind, this.#isFull(kind) ? OTHERS : name, session, now);
    finding.count++;
    finding.lastSeen = now;
    this.#unsaved.add(finding);
    if (finding.state === 'firing') return false;
    this.#change(finding, { state: 'firing', since: now, session });
    return true;
  }

  settle(kind: FindingKind, name: string): void {
    const finding = this.#find(kind, name);
    if (finding?.state === 'firing') this.#change(finding, { state: 'resolved' });
  }

  forget(finding: Finding): void {
    this.#all.delete(keyOf(finding));
    this.#unsaved.delete(finding);
    void this.#inTurn(async () => void (await this.#deps.rows.delete(keyOf(finding))));
  }

  /** Tells what a crash left untold, and writes down what was counted meanwhile. Resolves when all is done. */
  async save(): Promise<void> {
    for (const finding of this.#all.values()) if (!finding.told) this.#tellInTurn(finding);
    const counted = [...this.#unsaved];
    this.#unsaved.clear();
    await this.#inTurn(async () => {
      for (const finding of counted) await this.#write(finding);
    });
  }

  #find(kind: FindingKind, name: string): Finding | undefined {
    return (
      this.#all.get(keyOf({ kind, name })) ??
      (this.#isFull(kind) ? this.#all.get(keyOf({ kind, name: OTHERS })) : undefined)
    );
  }

  #isFull(kind: FindingKind): boolean {
    return [...this.#all.values()].filter((finding) => finding.kind === kind).length >= MOST_OF_KIND;
  }

  #make(kind: FindingKind, name: string, session: SessionId, now: number): Finding {
    const times = { firstSeen: now, lastSeen: now, since: now };
    const finding: Finding = { kind, name, ...times, count: 0, session, state: 'resolved', told: true };
    this.#all.set(keyOf(finding), finding);
    return finding;
  }

  #change(finding: Finding, to: Partial<Finding>): void {
    Object.assign(finding, to, { told: false });
    this.#tellInTurn(finding);
  }

  #tellInTurn(finding: Finding): void {
    void this.#inTurn(async () => {
      if (finding.told) return;
      const { state } = finding;
      await this.#write(finding);
      await this.#deps.tell(finding);
      // It may have changed again meanwhile; then that is still to be told.
      if (finding.state === state) finding.told = true;
      await this.#write(finding);
    });
  }

  async #write(finding: Finding): Promise<void> {
    if (this.#all.get(keyOf(finding)) === finding) await this.#deps.rows.set(keyOf(finding), { ...finding });
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    await this.#turn.runExclusive(work).catch((error: unknown) => this.#deps.onError(error));
  }
}
