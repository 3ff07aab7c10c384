/**
 * How a person would time a message, and what the limits allow. Pure: the caller brings the history, the time and the
 * dice, and performs the steps.
 */
import { hasUnanswered } from './history.ts';
import { delay, refusal, RULES } from './limits.ts';
import type { ChatHistory } from './history.ts';
import type { DayCount, Delay, Refusal } from './limits.ts';
import type { Profile, Range, TypingProfile } from './profiles.ts';

export { mergedHistory, NEW_CHAT, recordReceived, recordSent, recordText } from './history.ts';
export { delay, leftThisMinute, refusal, RULES } from './limits.ts';
export { profilesWith, PROFILES } from './profiles.ts';
export { isTimeZone, quietUntil, type QuietHours } from './quiet-hours.ts';
export type { ChatHistory } from './history.ts';
export type { DayCount, Delay, Refusal } from './limits.ts';
export type { BuiltInProfile } from '../config.ts';
export type { Profile, TypingProfile } from './profiles.ts';

const SUBSCRIBE_DELAY: Range = { min: 200, max: 400 };
const MIN_TYPING_MS = 1_000;
const JITTER: Range = { min: 0.8, max: 1.2 };
// Ours: silent reading runs at 20 to 30 characters a second; nobody is kept waiting for a long letter to be read.
const READING = { charsPerSecond: { min: 20, max: 30 }, min: 500, max: 8_000 };
// Ours: finding a picture or a place.
const CHOOSING: Range = { min: 1_000, max: 3_000 };
/** The longest `typingDelay` a caller may ask for, ms: one typist serves all chats of a session. */
export const MAX_TYPING_DELAY_MS = 60_000;

/** A message about to be sent. */
export interface PacedMessage {
  /** Written; recorded, as a voice note; picked, as a picture is (its caption is typed); a tap on something. */
  kind: 'typed' | 'recorded' | 'picked' | 'tapped';
  /** Characters that are typed. */
  length: number;
  /** How long a recording is; 0 when it is not known. */
  seconds: number;
  /** Recognises the same text again. */
  textHash: string;
  /** Its reserved id, so that sending it again after a crash is no duplicate of itself. */
  messageId?: string;
  /** It quotes a message. */
  isReply: boolean;
  /** Mark what they wrote as read before answering. */
  readBefore: boolean;
  /** Typing takes exactly this long, ms, whatever the length. */
  typingDelay?: number;
  /** False skips the theatre, never the limits. */
  humanize: boolean;
}

export interface PlanInput {
  message: PacedMessage;
  chat: ChatHistory;
  day: DayCount;
  profile: Profile;
  /** ms since 1970. */
  now: number;
  /** In [0, 1). */
  random: () => number;
}

export type WaitReason =
  | 'new_contact'
  | 'subscribe'
  | 'reading'
  | 'thinking'
  | 'choosing'
  | 'typing'
  | 'recording'
  | 'reviewing';

/** One thing to do, in order; all presence is towards the recipient's chat. */
export type Step =
  | { kind: 'available' }
  | { kind: 'subscribe' }
  | { kind: 'read' }
  | { kind: 'composing' }
  | { kind: 'recording' }
  | { kind: 'paused' }
  | { kind: 'wait'; ms: number; why: WaitReason }
  | { kind: 'send' };

export type Plan = { kind: 'go'; steps: Step[] } | Delay | Refusal;

type Draw = (range: Range) => number;

const wait = (ms: number, why: WaitReason): Step => ({ kind: 'wait', ms: Math.round(ms), why });
const clamp = (value: number, min: number, max: number) => Math.min(Math.max(value, min), max);

function reading(chat: ChatHistory, draw: Draw): Step[] {
  const ms = ((chat.lastInboundLength ?? 0) / draw(READING.charsPerSecond)) * 1_000;
  return [wait(clamp(ms, READING.min, READING.max), 'reading')];
}

/** How long it is typed or recorded, ms. A caller's `typingDelay` goes before all. */
function makingDuration(message: PacedMessage, profile: TypingProfile, draw: Draw): number {
  if (message.typingDelay !== undefined) return Math.round(clamp(message.typingDelay, 0, MAX_TYPING_DELAY_MS));
  if (message.kind === 'picked' && message.length === 0) return 0;
  const seconds = message.kind === 'recorded' ? message.seconds : message.length / draw(profile.charsPerSecond);
  const ms = seconds * 1_000;
  // In the specification's order: the jitter comes after the clamp, so that long texts do not all take the same time.
  return Math.round(clamp(ms, MIN_TYPING_MS, profile.maxTypingDuration) * draw(JITTER));
}

/** Shown for `duration`; a long one is announced again after every interval, the last one included (spec 9.3). */
function showing(kind: 'composing' | 'recording', duration: number, profile: TypingProfile): Step[] {
  if (duration === 0) return [];
  const why = kind === 'composing' ? 'typing' : 'recording';
  const interval = profile.chunkTypingInterval;
  const steps: Step[] = [{ kind }];
  if (duration <= interval) steps.push(wait(duration, why));
  else {
    for (let remaining = duration; remaining > 0; remaining -= interval) {
      steps.push(wait(Math.min(interval, remaining), why), { kind });
    }
  }
  if (profile.showPaused) steps.push({ kind: 'paused' });
  return steps;
}

function theatre({ message, chat, random }: PlanInput, profile: TypingProfile, reads: boolean): Step[] {
  const draw: Draw = ({ min, max }) => min + random() * (max - min);
  const steps: Step[] = [{ kind: 'available' }];
  if (profile.subscribePresence) steps.push({ kind: 'subscribe' }, wait(draw(SUBSCRIBE_DELAY), 'subscribe'));
  if (reads) steps.push({ kind: 'read' }, ...reading(chat, draw));
  steps.push(wait(draw(profile.preTypingDelay), 'thinking'));
  if (message.kind === 'picked') steps.push(wait(draw(CHOOSING), 'choosing'));
  const shown = message.kind === 'recorded' ? 'recording' : 'composing';
  steps.push(...showing(shown, makingDuration(message, profile, draw), profile));
  steps.push(wait(draw(profile.postTypingDelay), 'reviewing'));
  return steps;
}

/**
 * What to do with a message whose turn has come: go through the steps, come back at a later time, or refuse it.
 * Without a person (`humanize` false, or the `instant` profile) no presence is shown, nothing is typed and `typingDelay`
 * has no meaning; a read receipt that was asked for still goes, as it tells the other side something true. A tap needs no
 * person either.
 */
export function plan(input: PlanInput): Plan {
  const { message, chat, profile, now } = input;
  const held = refusal(input) ?? delay(chat, now);
  if (held) return held;
  const reads = message.readBefore && (message.isReply || hasUnanswered(chat));
  const steps: Step[] = chat.known ? [] : [wait(RULES.newContactMs, 'new_contact')];
  if (message.humanize && message.kind !== 'tapped' && profile.enabled) steps.push(...theatre(input, profile, reads));
  else if (reads) steps.push({ kind: 'read' });
  steps.push({ kind: 'send' });
  return { kind: 'go', steps };
}
