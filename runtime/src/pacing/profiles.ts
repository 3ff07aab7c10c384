/** How different people type, as data (spec 9.4 with the defaults of 9.2). */
import type { BuiltInProfile, CustomProfile } from '../config.ts';

/** An inclusive-exclusive range to draw from. */
export interface Range {
  min: number;
  max: number;
}

/** How one person types; times in milliseconds. */
export interface TypingProfile {
  enabled: true;
  charsPerSecond: Range;
  /** Thinking, before the first key. */
  preTypingDelay: Range;
  /** Looking it over, before pressing send. */
  postTypingDelay: Range;
  subscribePresence: boolean;
  showPaused: boolean;
  /** Typing never takes longer than this before jitter: WhatsApp shows "typing" for about 30 s at most. */
  maxTypingDuration: number;
  /** "typing" is announced again this often, before it fades on the other side. */
  chunkTypingInterval: number;
}

/** A profile: a person, or nobody. Without a person the limits still hold. */
export type Profile = TypingProfile | { enabled: false };

const DEFAULTS = {
  enabled: true,
  subscribePresence: true,
  showPaused: true,
  maxTypingDuration: 25_000,
  chunkTypingInterval: 20_000,
} as const;

/** The named profiles. `instant` is for testing and automation: no theatre, same limits. */
export const PROFILES = {
  fast: {
    ...DEFAULTS,
    charsPerSecond: { min: 6, max: 10 },
    preTypingDelay: { min: 300, max: 800 },
    postTypingDelay: { min: 200, max: 400 },
  },
  normal: {
    ...DEFAULTS,
    charsPerSecond: { min: 3, max: 6 },
    preTypingDelay: { min: 500, max: 2_000 },
    postTypingDelay: { min: 300, max: 800 },
  },
  slow: {
    ...DEFAULTS,
    charsPerSecond: { min: 1, max: 3 },
    preTypingDelay: { min: 1_000, max: 3_000 },
    postTypingDelay: { min: 500, max: 1_500 },
  },
  instant: { enabled: false },
} as const satisfies Record<BuiltInProfile, Profile>;

/** These and a user's own, whose gaps are filled as `normal`. */
export const profilesWith = (custom: Record<string, CustomProfile>): Record<string, Profile> => ({
  ...PROFILES,
  ...Object.fromEntries(Object.entries(custom).map(([name, own]) => [name, { ...PROFILES.normal, ...own }])),
});
