/** HUMANIZATION_PROFILES: people of one's own, as JSON (spec 9.2). */
import type { Read, ValueKind } from './config-values.ts';

/** The profiles that are always there; pacing/ holds what each means. */
export const BUILT_IN_PROFILES = ['fast', 'normal', 'slow', 'instant'] as const;
export type BuiltInProfile = (typeof BUILT_IN_PROFILES)[number];

interface Range {
  min: number;
  max: number;
}

/** How somebody types, in the fields of spec 9.2; what is missing is as in `normal`. Times in ms. */
export interface CustomProfile {
  charsPerSecond?: Range;
  preTypingDelay?: Range;
  postTypingDelay?: Range;
  subscribePresence?: boolean;
  showPaused?: boolean;
  maxTypingDuration?: number;
  chunkTypingInterval?: number;
}

/** How a person types, by name: one of `BUILT_IN_PROFILES` or of HUMANIZATION_PROFILES. */
export type ProfileName = string;

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const LONGEST_MS = 120_000;

const isNumber = (value: unknown, min: number, max: number) =>
  typeof value === 'number' && value >= min && value <= max;

function isRange(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const range = value as Partial<Range>;
  return isNumber(range.min, min, max) && isNumber(range.max, range.min ?? max, max);
}

const isPause = (value: unknown) => isRange(value, 0, LONGEST_MS);
const isBoolean = (value: unknown) => typeof value === 'boolean';
/** What each field may be, and that in words. */
const FIELDS: Record<keyof CustomProfile, [check: (value: unknown) => boolean, words: string]> = {
  charsPerSecond: [(value) => isRange(value, 0.1, 1_000), '{"min", "max"} from 0.1 to 1000'],
  preTypingDelay: [isPause, '{"min", "max"} in ms, 0 to 120000'],
  postTypingDelay: [isPause, '{"min", "max"} in ms, 0 to 120000'],
  subscribePresence: [isBoolean, 'true or false'],
  showPaused: [isBoolean, 'true or false'],
  maxTypingDuration: [(value) => isNumber(value, 1_000, LONGEST_MS), 'ms, 1000 to 120000'],
  chunkTypingInterval: [(value) => isNumber(value, 1_000, 25_000), 'ms, 1000 to 25000'],
};

function problemOf(name: string, profile: unknown): string | null {
  if (!NAME.test(name)) return 'a name is 1 to 32 of a-z, 0-9, _ and -';
  if (BUILT_IN_PROFILES.some((known) => known === name)) return `${name} is there already; take another name`;
  if (typeof profile !== 'object' || profile === null || Array.isArray(profile)) return `${name} must be an object`;
  for (const [field, value] of Object.entries(profile)) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof CustomProfile] : undefined;
    if (!rule) return `${name} has an unknown field; there are ${Object.keys(FIELDS).join(', ')}`;
    if (!rule[0](value)) return `${name}.${field} must be ${rule[1]}`;
  }
  return null;
}

function read(text: string): Read<Readonly<Record<string, CustomProfile>>> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { problem: 'must be JSON' };
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return { problem: 'must be a JSON object' };
  for (const [name, profile] of Object.entries(given)) {
    const problem = problemOf(name, profile);
    if (problem !== null) return { problem };
  }
  return { value: Object.freeze(given as Record<string, CustomProfile>) };
}

/** Profiles by name. */
export const customProfiles: ValueKind<Readonly<Record<string, CustomProfile>>> = { type: 'JSON object', read };

/** The chosen profile must be there. */
export function profileProblems(config: {
  humanizationProfile?: ProfileName;
  humanizationProfiles?: Readonly<Record<string, CustomProfile>>;
}): string[] {
  const names = [...BUILT_IN_PROFILES, ...Object.keys(config.humanizationProfiles ?? {})];
  const known = names.includes(config.humanizationProfile ?? 'normal');
  return known ? [] : [`HUMANIZATION_PROFILE: must be one of ${names.join(', ')}`];
}
