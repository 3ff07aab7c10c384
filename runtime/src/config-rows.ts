/** What the table of the configuration is made of. */
import type { ValueKind } from './config-values.ts';

/** One key of the environment. */
export interface ConfigRow<T> {
  key: string;
  kind: ValueKind<T>;
  /** As it would be written; undefined when there is none. */
  default: string | undefined;
  unit: string | undefined;
  sentence: string;
  /** Never to be logged or shown. */
  secret: boolean;
}

interface More {
  unit?: string;
  secret?: true;
}

/** A key that has a value in any case. */
export const withDefault = <T>(key: string, kind: ValueKind<T>, byDefault: string, sentence: string, more: More = {}) =>
  ({ key, kind, default: byDefault, unit: more.unit, sentence, secret: more.secret ?? false }) as ConfigRow<T>;
/** A key that may be missing. */
export const optional = <T>(key: string, kind: ValueKind<T>, sentence: string, more: More = {}) =>
  ({ key, kind, default: undefined, unit: more.unit, sentence, secret: more.secret ?? false }) as ConfigRow<
    T | undefined
  >;
