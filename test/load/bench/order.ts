/** What somebody asks of the bench on the command line. */
import { parseArgs } from 'node:util';
import type { Stage } from './scenario.ts';

export interface Wish {
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
  /** A folder for a profile of the runtime's processor time in each scenario. */
  readonly profile: string | undefined;
  /** Names of scenarios; all when there are none. */
  readonly names: readonly string[];
}

/** A wish that cannot be granted; the message says what can. */
export class WrongWish extends Error {}

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  profile: { type: 'string' },
} as const;

const usage = (known: readonly string[]) =>
  'npm run bench -- [--quick] [--json] [--write] [--profile FOLDER] [SCENARIO ...]\n' +
  `Scenarios: ${known.join(', ')}. --write needs all of them.`;

export function wishOf(args: readonly string[], known: readonly string[]): Wish {
  const wrong = (what: string) => new WrongWish(`${what}\n${usage(known)}`);
  const { values, positionals } = read(args, wrong);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw wrong(`No such scenario: ${unknown.join(', ')}.`);
  if (values.write && positionals.length > 0) throw wrong('The table of BENCH.md is written whole.');
  return { ...values, profile: values.profile, names: positionals };
}

function read(args: readonly string[], wrong: (what: string) => Error) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

/** The stages with the scenarios that were named, in their order; all when none was. */
export const chosen = (stages: readonly Stage[], names: readonly string[]): readonly Stage[] =>
  stages
    .map(({ scenarios, prepare }) => {
      const asked = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
      return { prepare, scenarios: asked };
    })
    .filter(({ scenarios }) => scenarios.length > 0);
