/** What a scenario is once it has been read and checked: people, groups, and steps with the lines they stand on. */
import type { MessageKind } from '../contents/appearance.ts';
import type { Settings } from '../faults/registry.ts';

/** `2s`, `500ms`, `1.5m`, `1h`. */
export type Duration = string;

export interface ReplyRule {
  /** A regular expression, in any case; its named groups can be used in the answer. */
  readonly when: string;
  readonly says: string;
}

export interface Cast {
  readonly phone: string | number;
  readonly name?: string;
  readonly readsAtOnce?: boolean;
  readonly hidesNumber?: boolean;
  /** The first rule that fits a text answers it. */
  readonly replies?: readonly ReplyRule[];
}

export interface GroupCast {
  readonly subject: string;
  /** Names of contacts, and `account`. */
  readonly members: readonly string[];
  readonly addressing?: 'lid' | 'pn';
}

/** What somebody does to a message that an earlier step has given a name. */
export type Act =
  | { readonly kind: 'reaction'; readonly to: string; readonly emoji: string }
  | { readonly kind: 'edit'; readonly to: string; readonly text: string }
  | { readonly kind: 'deletion'; readonly to: string }
  | { readonly kind: 'vote'; readonly to: string; readonly options: readonly string[] };

/** A content by its kind and what that takes, as in `given-content.ts`, but for `data`. */
export interface GivenContent {
  readonly kind: string;
  /** Where the bytes of a file are: a path beside the scenario's own file. */
  readonly file?: string;
  readonly [field: string]: unknown;
}

export type Content = Act | GivenContent;

const ACTS: readonly string[] = ['reaction', 'edit', 'deletion', 'vote'] satisfies Act['kind'][];

export const isAct = (content: Content): content is Act => ACTS.includes(content.kind);

export interface Expectation {
  readonly at: string;
  readonly text?: string;
  readonly matching?: string;
  readonly kind?: MessageKind;
  readonly in?: string;
  readonly within?: Duration;
  readonly as?: string;
}

export type Action =
  | {
      readonly contact: string;
      readonly says: string;
      readonly in?: string;
      readonly quotes?: string;
      readonly mentions?: readonly string[];
      readonly as?: string;
    }
  | {
      readonly contact: string;
      readonly sends: Content;
      readonly in?: string;
      readonly quotes?: string;
      readonly as?: string;
    }
  | { readonly expect: Expectation }
  /** The account tried to write to a contact, and the server refused it with this error. */
  | { readonly refused: { readonly to: string; readonly error?: string; readonly within?: Duration } }
  | { readonly silence: { readonly at: string; readonly for: Duration } }
  | {
      readonly fault: string;
      readonly settings?: Settings;
      /** How long it lasts, while the scenario waits; or what happens meanwhile. Otherwise it lasts to the end. */
      readonly for?: Duration;
      readonly during?: readonly Step[];
    }
  | { readonly wait: Duration | { readonly online: boolean; readonly within?: Duration } }
  | {
      readonly group: string;
      readonly add?: readonly string[];
      readonly remove?: readonly string[];
      readonly subject?: string;
    }
  /** A restriction that is not told shows only when a message is refused. */
  | { readonly account: 'restrict' | 'lift'; readonly for?: Duration; readonly told?: boolean }
  | { readonly repeat: number; readonly steps: readonly Step[] }
  | { readonly set: Readonly<Record<string, string | number>> };

export interface Step {
  readonly line: number;
  readonly action: Action;
}

export interface Scenario {
  readonly name: string;
  /** What it plays, and what whoever is tested by it has to do. */
  readonly about: string;
  /** Where it was read from; files it sends are beside it. */
  readonly source: string;
  readonly variables: Readonly<Record<string, string | number>>;
  readonly contacts: Readonly<Record<string, Cast>>;
  readonly groups: Readonly<Record<string, GroupCast>>;
  readonly steps: readonly Step[];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

export function millisecondsOf(duration: Duration): number {
  const [, amount, unit = ''] = DURATION.exec(duration) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined) throw new Error(`${JSON.stringify(duration)} is no duration such as 500ms, 2s or 1m`);
  return Number(amount) * factor;
}

/** A variable in a text: `{name}`. A number in braces is none, so that patterns can count. */
export const VARIABLE = /\{([a-z_]\w*)\}/gi;
