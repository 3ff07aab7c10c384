/** Whether everything a scenario names is there: contacts, groups, messages, faults and their settings, patterns. */
import { FAULTS } from '../faults/registry.ts';
import { isAct, VARIABLE } from './scenario.ts';
import type { Action, Content, Scenario, Step } from './scenario.ts';

/** The word that stands for the account a scenario is played with. */
export const ACCOUNT = 'account';

/** Notes what is wrong at a line, or at a path of keys. */
type Note = (place: number | (string | number)[], sentence: string) => void;

export function checkNames({ contacts, groups, steps }: Scenario, note: Note): void {
  const people = Object.keys(contacts);
  if (people.includes(ACCOUNT)) note(['contacts', ACCOUNT], `no contact can be called ${ACCOUNT}`);
  for (const [name, { phone, replies = [] }] of Object.entries(contacts)) {
    if (!/^[1-9]\d{4,14}$/.test(String(phone))) note(['contacts', name, 'phone'], 'phone must be 5 to 15 digits');
    replies.forEach(({ when }, at) => checkPattern(when, ['contacts', name, 'replies', at, 'when'], note));
  }
  for (const [name, { members }] of Object.entries(groups)) {
    for (const member of members) {
      if (member !== ACCOUNT && !people.includes(member)) {
        note(
          ['groups', name, 'members'],
          `there is no contact ${member}; allowed are ${[ACCOUNT, ...people].join(', ')}`,
        );
      }
    }
  }
  const known = { people, groups: Object.keys(groups), messages: new Set<string>() };
  for (const step of steps) checkStep(step, known, note);
}

interface Known {
  readonly people: readonly string[];
  readonly groups: readonly string[];
  /** Messages that earlier steps have given a name. */
  readonly messages: Set<string>;
}

function checkStep({ line, action }: Step, known: Known, note: Note): void {
  const { contact, others = [], group, message, pattern } = namedIn(action);
  checkName('contact', contact, known.people, line, note);
  for (const name of others) checkName('contact', name, [ACCOUNT, ...known.people], line, note);
  checkName('group', group, known.groups, line, note);
  checkName('message', message, [...known.messages], line, note);
  if (pattern !== undefined) checkPattern(pattern, line, note);
  if ('fault' in action) checkFault(action, line, note);
  const named = nameGivenBy(action);
  if (named !== undefined) known.messages.add(named);
  for (const step of stepsIn(action)) checkStep(step, known, note);
}

function stepsIn(action: Action): readonly Step[] {
  if ('repeat' in action) return action.steps;
  return 'fault' in action ? (action.during ?? []) : [];
}

function nameGivenBy(action: Action): string | undefined {
  if ('expect' in action) return action.expect.as;
  return 'contact' in action ? action.as : undefined;
}

function checkName(what: string, name: string | undefined, allowed: readonly string[], line: number, note: Note): void {
  if (name !== undefined && !allowed.includes(name)) note(line, unknown(what, name, allowed));
}

interface Named {
  readonly contact?: string;
  readonly group?: string | undefined;
  readonly message?: string | undefined;
  readonly pattern?: string | undefined;
  /** People who may also be the account. */
  readonly others?: readonly string[];
}

function namedIn(action: Action): Named {
  if ('says' in action) {
    const { contact, in: group, quotes: message, mentions = [] } = action;
    return { contact, group, message, others: mentions };
  }
  if ('sends' in action) {
    const { contact, in: group, sends, quotes } = action;
    return { contact, group, message: isAct(sends) ? sends.to : quotes, others: peopleIn(sends) };
  }
  if ('expect' in action) {
    const { at: contact, in: group, matching: pattern } = action.expect;
    return { contact, group, pattern };
  }
  if ('silence' in action) return { contact: action.silence.at };
  if ('refused' in action) return { contact: action.refused.to };
  if ('group' in action) return { group: action.group, others: [...(action.add ?? []), ...(action.remove ?? [])] };
  return {};
}

/** Whom a content mentions. */
const peopleIn = (content: Content): readonly string[] =>
  !isAct(content) && Array.isArray(content['people']) ? content['people'].map(String) : [];

function checkFault(action: Extract<Action, { fault: string }>, line: number, note: Note): void {
  const kind = FAULTS.find(({ name }) => name === action.fault);
  if (!kind)
    return note(
      line,
      unknown(
        'fault',
        action.fault,
        FAULTS.map(({ name }) => name),
      ),
    );
  const lasts = action.for !== undefined || action.during !== undefined;
  if (lasts && !kind.lasting) note(line, `${kind.name} happens once: it takes neither "for" nor "during"`);
  if (action.for !== undefined && action.during !== undefined) note(line, 'a fault takes "for" or "during", not both');
  for (const [setting, value] of Object.entries(action.settings ?? {})) {
    const example = kind.settings[setting];
    if (example === undefined) note(line, unknown('setting', setting, Object.keys(kind.settings)));
    else if (typeof example !== typeof value) note(line, `${setting} must be a ${typeof example}`);
  }
}

const unknown = (what: string, name: string, allowed: readonly string[]): string =>
  `there is no ${what} ${JSON.stringify(name)}; allowed are ${allowed.join(', ') || 'none'}`;

function checkPattern(pattern: string, place: number | (string | number)[], note: Note): void {
  try {
    new RegExp(pattern.replace(VARIABLE, 'x'), 'iu');
  } catch (error) {
    note(place, error instanceof Error ? error.message : String(error));
  }
}
