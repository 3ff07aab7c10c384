/** A plan's input with every field set to something harmless, and plans written in brief. */
import { NEW_CHAT, PROFILES } from '../../runtime/src/pacing/pacing.ts';
import type { ChatHistory, PacedMessage, Plan, PlanInput, Step } from '../../runtime/src/pacing/pacing.ts';

export const NOW = 1_800_000_000_000;
export const KNOWN: ChatHistory = { ...NEW_CHAT, known: true };

export function input(
  change: Partial<Omit<PlanInput, 'message'>> & { message?: Partial<PacedMessage> } = {},
): PlanInput {
  return {
    chat: KNOWN,
    day: { sentToday: 0, limit: 1_000, resetsAt: NOW + 3_600_000 },
    profile: PROFILES.normal,
    now: NOW,
    random: () => 0,
    ...change,
    message: {
      kind: 'typed',
      length: 30,
      seconds: 0,
      textHash: 'h',
      isReply: false,
      readBefore: false,
      humanize: true,
      ...change.message,
    },
  };
}

export function stepsOf(made: Plan): Step[] {
  if (made.kind !== 'go') throw new Error(`expected to go, got ${JSON.stringify(made)}`);
  return made.steps;
}

/** Steps in brief: `thinking:500 composing … send`. */
export const brief = (made: Plan) =>
  stepsOf(made)
    .map((step) => (step.kind === 'wait' ? `${step.why}:${step.ms}` : step.kind))
    .join(' ');
export const waited = (steps: Step[], why?: string) =>
  steps.reduce((sum, step) => (step.kind === 'wait' && (!why || step.why === why) ? sum + step.ms : sum), 0);
export const sentAt = (...ago: number[]): ChatHistory => ({ ...KNOWN, sentAt: ago.map((ms) => NOW - ms) });
