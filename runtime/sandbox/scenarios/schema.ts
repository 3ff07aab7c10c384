/** The schema of scenarios: of the file, and of each kind of step by the word it is known by. */
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { MESSAGE_KINDS } from '../contents/appearance.ts';
import type { Field } from '../control-route.ts';
import { CONTENT_KINDS } from '../given-content.ts';
import { DURATION } from './scenario.ts';

const text = { type: 'string', minLength: 1 };
const duration = { type: 'string', pattern: DURATION.source };
const names = { type: 'array', items: text, minItems: 1 };
const values = { type: 'object', additionalProperties: { type: ['string', 'number'] } };
const steps = { type: 'array', minItems: 1, items: { type: 'object' } };

const object = (properties: Record<string, object>, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const contact = object(
  {
    phone: { type: ['string', 'integer'] },
    name: text,
    readsAtOnce: { type: 'boolean' },
    hidesNumber: { type: 'boolean' },
    replies: { type: 'array', items: object({ when: text, says: text }, ['when', 'says']) },
  },
  ['phone'],
);

const FILE = object(
  {
    name: text,
    about: text,
    variables: values,
    contacts: { type: 'object', minProperties: 1, additionalProperties: contact },
    groups: {
      type: 'object',
      additionalProperties: object({ subject: text, members: names, addressing: { enum: ['lid', 'pn'] } }, [
        'subject',
        'members',
      ]),
    },
    steps,
  },
  ['name', 'contacts', 'steps'],
);

const TYPES: Readonly<Record<Field['type'], object>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  number: { type: 'number' },
  strings: { type: 'array', items: { type: 'string' } },
  object: { type: 'object' },
  objects: { type: 'array', items: { type: 'object' } },
};

/** As over HTTP, but that files are named by their paths; a picture can do without. */
function contentSchema(kind: string, fields: Readonly<Record<string, Field>>): object {
  const { data, ...rest } = fields;
  const required = Object.keys(rest).filter((name) => rest[name]?.required);
  const properties = Object.fromEntries(Object.entries(rest).map(([name, { type }]) => [name, TYPES[type]]));
  return object(
    { kind: text, ...properties, ...(data && { file: text }) },
    data && kind !== 'image' ? ['file', ...required] : required,
  );
}

const CONTENTS: Readonly<Record<string, object>> = {
  ...Object.fromEntries(Object.entries(CONTENT_KINDS).map(([kind, fields]) => [kind, contentSchema(kind, fields)])),
  reaction: object({ kind: text, emoji: { type: 'string' }, to: text }, ['emoji', 'to']),
  edit: object({ kind: text, text, to: text }, ['text', 'to']),
  deletion: object({ kind: text, to: text }, ['to']),
  vote: object({ kind: text, options: { type: 'array', items: text }, to: text }, ['options', 'to']),
};

/** Each kind of step; the first word of its fields names it. */
const STEPS: Readonly<Record<string, object>> = {
  says: object({ contact: text, says: text, in: text, quotes: text, mentions: names, as: text }, ['contact']),
  sends: object({ contact: text, sends: { type: 'object' }, in: text, quotes: text, as: text }, ['contact']),
  expect: object({
    expect: object(
      { at: text, text, matching: text, kind: { enum: MESSAGE_KINDS }, in: text, within: duration, as: text },
      ['at'],
    ),
  }),
  refused: object({ refused: object({ to: text, error: text, within: duration }, ['to']) }),
  silence: object({ silence: object({ at: text, for: duration }, ['at', 'for']) }),
  fault: object({ fault: text, settings: values, for: duration, during: steps }),
  wait: object({
    // What is not an object must be a duration.
    wait: {
      if: { type: 'object' },
      then: object({ online: { type: 'boolean' }, within: duration }, ['online']),
      else: duration,
    },
  }),
  group: object({ group: text, add: names, remove: names, subject: text }),
  account: object({ account: { enum: ['restrict', 'lift'] }, for: duration, told: { type: 'boolean' } }),
  repeat: object({ repeat: { type: 'integer', minimum: 1, maximum: 1_000 }, steps }, ['steps']),
  set: object({ set: values }),
};

const ajv = new Ajv({ allErrors: true, verbose: true, strictTypes: false });
const compiled = (schemas: Readonly<Record<string, object>>) =>
  new Map(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));

export const checkFile: ValidateFunction = ajv.compile(FILE);
export const checkStep: ReadonlyMap<string, ValidateFunction> = compiled(STEPS);
export const checkContent: ReadonlyMap<string, ValidateFunction> = compiled(CONTENTS);

/** What is wrong, as a sentence that says what is allowed, and at which key of the value that was checked. */
export function sentenceOf(error: ErrorObject): { path: string[]; sentence: string } {
  const path = error.instancePath.split('/').slice(1);
  const where = path.at(-1) ?? 'this';
  const { params, keyword } = error as { params: Record<string, unknown>; keyword: string };
  if (keyword === 'additionalProperties') {
    const extra = String(params['additionalProperty']);
    const { properties = {} } = error.parentSchema as { properties?: object };
    const allowed = Object.keys(properties).join(', ');
    return { path: [...path, extra], sentence: `${JSON.stringify(extra)} is not known here; allowed are ${allowed}` };
  }
  if (keyword === 'required') return { path, sentence: `${String(params['missingProperty'])} is missing` };
  if (keyword === 'enum') {
    const allowed = (params['allowedValues'] as string[]).join(', ');
    return { path, sentence: `${where} must be one of ${allowed}` };
  }
  if (keyword === 'pattern') return { path, sentence: `${where} must be a duration such as 500ms, 2s or 1m` };
  return { path, sentence: `${where} ${error.message ?? 'is wrong'}` };
}
