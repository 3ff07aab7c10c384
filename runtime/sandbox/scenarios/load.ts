/** Reads a scenario from YAML and checks all of it: form, names, regular expressions, faults. Errors name file and line. */
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { checkNames } from './names.ts';
import { checkContent, checkFile, checkStep, sentenceOf } from './schema.ts';
import type { Action, Content, Scenario, Step } from './scenario.ts';

const READY_MADE = import.meta.dirname;
const EXTENSION = '.yaml';

type Path = (string | number)[];
type Raw = Record<string, unknown>;

/** A scenario that cannot be played; each line of the message is `file:line: what is wrong and what is allowed`. */
export class ScenarioError extends Error {}

/** The scenarios that come with the sandbox, by name. */
export async function listScenarios(): Promise<{ name: string; about: string }[]> {
  const files = (await readdir(READY_MADE)).filter((file) => file.endsWith(EXTENSION)).sort();
  return Promise.all(
    files.map(async (file) => {
      const { about } = await loadScenario(join(READY_MADE, file));
      return { name: basename(file, EXTENSION), about };
    }),
  );
}

/** Reads a file, or a ready-made scenario by its name. Rejects with a ScenarioError. */
export async function loadScenario(nameOrFile: string): Promise<Scenario> {
  const isName = /^[\w-]+$/.test(nameOrFile);
  const file = isName ? join(READY_MADE, nameOrFile + EXTENSION) : nameOrFile;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = isName ? 'no ready-made scenario has this name; --list-scenarios names them' : String(error);
    throw new ScenarioError(`${nameOrFile}: ${reason}`);
  }
  return parseScenario(text, file);
}

/** Checks the text of a scenario. Throws a ScenarioError that names everything that is wrong. */
export function parseScenario(text: string, source: string): Scenario {
  return new Reader(text, source).read();
}

class Reader {
  readonly #source: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #problems: { line: number; sentence: string }[] = [];

  constructor(text: string, source: string) {
    this.#source = source;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  read(): Scenario {
    for (const { message, pos } of this.#document.errors) {
      this.#problems.push({ line: this.#lines.linePos(pos[0]).line, sentence: message });
    }
    this.#end();
    const raw = this.#document.toJS({ maxAliasCount: 100 }) as Raw;
    this.#check(checkFile, raw, []);
    this.#end();
    const { name, about = '', variables = {}, contacts, groups = {} } = raw;
    const steps = this.#steps(raw['steps'] as Raw[], ['steps']);
    this.#end();
    const scenario = { name, about, variables, contacts, groups, steps, source: this.#source } as Scenario;
    checkNames(scenario, (place, sentence) => {
      this.#problems.push({ line: typeof place === 'number' ? place : this.#lineAt(place), sentence });
    });
    this.#end();
    return scenario;
  }

  #steps(raw: readonly Raw[], path: Path): Step[] {
    return raw.map((step, at) => this.#step(step, [...path, at]));
  }

  #step(raw: Raw, path: Path): Step {
    const line = this.#lineAt(path);
    const kind = [...checkStep.keys()].find((word) => word in raw);
    const check = kind === undefined ? undefined : checkStep.get(kind);
    if (!check) {
      this.#problems.push({ line, sentence: `a step has one of ${[...checkStep.keys()].join(', ')}` });
      return { line, action: raw as Action };
    }
    if (!this.#check(check, raw, path)) return { line, action: raw as Action };
    if (kind === 'sends') this.#content(raw['sends'] as Content, [...path, 'sends']);
    const nested = ['steps', 'during'].filter((field) => field in raw);
    const inner = nested.map((field) => [field, this.#steps(raw[field] as Raw[], [...path, field])]);
    return { line, action: { ...raw, ...Object.fromEntries(inner) } as Action };
  }

  #content(content: Content, path: Path): void {
    const check = checkContent.get(content.kind);
    if (check) return void this.#check(check, content, path);
    const sentence = `kind must be one of ${[...checkContent.keys()].join(', ')}`;
    this.#problems.push({ line: this.#lineAt(path), sentence });
  }

  #check(check: ValidateFunction, value: unknown, base: Path): boolean {
    if (check(value)) return true;
    for (const error of check.errors ?? []) {
      // It says only that one of the conditions below it failed, which are listed themselves.
      if (error.keyword === 'if') continue;
      const { path, sentence } = sentenceOf(error);
      this.#problems.push({ line: this.#lineAt([...base, ...path]), sentence });
    }
    return false;
  }

  /** Where the key of a path stands, or as much of the path as there is. */
  #lineAt(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const parent = this.#document.getIn(path.slice(0, length - 1), true);
      const last = path[length - 1];
      const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === String(last)) : undefined;
      const place = pair ? pair.key : this.#document.getIn(path.slice(0, length), true);
      if (isNode(place) && place.range) return this.#lines.linePos(place.range[0]).line;
    }
    return 1;
  }

  #end(): void {
    if (this.#problems.length === 0) return;
    const lines = this.#problems.map(({ line, sentence }) => `${basename(this.#source)}:${line}: ${sentence}`);
    throw new ScenarioError([...new Set(lines)].join('\n'));
  }
}
