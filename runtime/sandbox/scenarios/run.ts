/** Plays a scenario in a sandbox, step by step, and reports how each went. It ends at the first step that fails. */
import { FAULTS, type ActiveFault } from '../faults/registry.ts';
import type { Sandbox } from '../sandbox.ts';
import { doStep } from './steps.ts';
import type { Action, Expectation, Scenario, Step } from './scenario.ts';
import { Stage } from './stage.ts';

export interface StepReport {
  readonly line: number;
  /** What the step is, in a few words. */
  readonly what: string;
  readonly ok: boolean;
  readonly milliseconds: number;
  /** Why it failed. */
  readonly problem?: string;
}

export interface ScenarioReport {
  readonly name: string;
  readonly ok: boolean;
  readonly steps: readonly StepReport[];
}

export interface RunOptions {
  /** The account it is played with, by phone number. */
  readonly account: string;
  /** Ends it; the step under way counts as failed. */
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void;
}

/** What a scenario needs of a sandbox. */
export type Theatre = Pick<Sandbox, 'account' | 'contact' | 'group' | 'groups' | 'trouble' | 'restrictions' | 'events'>;

/** Plays it. Resolves with the report, whether it went well or not; rejects only for people that cannot be made. */
export async function runScenario(sandbox: Theatre, scenario: Scenario, options: RunOptions): Promise<ScenarioReport> {
  const stage = new Stage(sandbox, scenario, options);
  const reports: StepReport[] = [];
  const play = async ({ line, action }: Step): Promise<boolean> => {
    const began = performance.now();
    const problem = await doAction(stage, action, play);
    // What was inside has reported itself.
    if (problem === INNER) return false;
    const milliseconds = Math.round(performance.now() - began);
    const report = { line, what: wordsFor(action), ok: problem === null, milliseconds, ...(problem && { problem }) };
    reports.push(report);
    options.onStep?.(report);
    return report.ok;
  };
  try {
    for (const step of scenario.steps) if (!(await play(step))) break;
  } finally {
    stage.clear();
  }
  return { name: scenario.name, ok: reports.every(({ ok }) => ok), steps: reports };
}

type Play = (step: Step) => Promise<boolean>;
const INNER = 'a step inside failed';

/** Returns what went wrong, or null. */
async function doAction(stage: Stage, action: Action, play: Play): Promise<string | null> {
  try {
    stage.signal.throwIfAborted();
    if ('repeat' in action) {
      for (let at = 1; at <= action.repeat; at++) {
        stage.variables.set('n', String(at));
        for (const step of action.steps) if (!(await play(step))) return INNER;
      }
    } else if ('fault' in action) {
      return await withFault(stage, action, play);
    } else {
      await doStep(stage, action);
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function withFault(stage: Stage, action: Extract<Action, { fault: string }>, play: Play): Promise<string | null> {
  const { fault: name, settings, during, for: duration } = action;
  // What is not for one account is no less for the one it is played with.
  const isForOne = FAULTS.some((kind) => kind.name === name && kind.scope === 'account');
  const request = { name, ...(isForOne && { phone: stage.account.phone }), ...(settings && { settings }) };
  const fault: ActiveFault | null = stage.sandbox.trouble.begin(request);
  if (fault) stage.faults.push(fault);
  try {
    if (duration !== undefined) await stage.pause(duration);
    for (const step of during ?? []) if (!(await play(step))) return INNER;
  } finally {
    if (duration !== undefined || during) fault?.stop();
  }
  return null;
}

function wordsFor(action: Action): string {
  if ('expect' in action) return wordsForExpectation(action.expect);
  if ('silence' in action) return `nothing comes to ${action.silence.at} for ${action.silence.for}`;
  if ('refused' in action) return `a message to ${action.refused.to} is refused`;
  if ('fault' in action) return ['fault', action.fault, action.for && `for ${action.for}`].filter(Boolean).join(' ');
  if ('wait' in action) return wordsForWait(action.wait);
  if ('repeat' in action) return `repeated ${action.repeat} times`;
  if ('set' in action) return `set ${Object.keys(action.set).join(', ')}`;
  if ('group' in action) return `group ${action.group} changes`;
  if ('account' in action) return `account: ${action.account}`;
  return 'says' in action
    ? `${action.contact} says ${JSON.stringify(action.says)}`
    : `${action.contact} sends ${action.sends.kind}`;
}

function wordsForExpectation({ at, text, matching, kind, in: group }: Expectation): string {
  const what = [kind ?? 'a message', text && JSON.stringify(text), matching && `matching ${matching}`];
  return ['expect', ...what, `at ${at}`, group && `in ${group}`].filter(Boolean).join(' ');
}

const wordsForWait = (wait: Extract<Action, { wait: unknown }>['wait']): string =>
  typeof wait === 'string' ? `wait ${wait}` : `wait to be ${wait.online ? 'on' : 'off'}line`;
