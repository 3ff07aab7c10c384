/** Requests made of the runtime's own OpenAPI document: shaped as it says, but for something wrong in each. */
import fc, { type Arbitrary } from 'fast-check';

interface Schema {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minItems?: number;
}

interface Operation {
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

export interface FuzzedRequest {
  route: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

export interface Real {
  sessionId: string;
  phone: string;
}

/** Never answers in its time: a stream. */
const LEFT_OUT = new Set(['GET /events']);
/** May be asked for with something odd in a real session; all else is broken for certain there, for it would change it. */
const HARMLESS = /^(GET |POST \/messages\/(?!text\/bulk)|POST \/contacts\/check$)/;
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'txt', '', '𝕜ey', 'a.b[0]'];

const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '__proto__',
    'constructor',
    '../../etc/passwd',
    '\u202e‮',
    '\ud83d\ude00'.repeat(500),
  ),
  fc.constantFrom(
    'a'.repeat(20_000),
    "'; DROP TABLE jobs; --",
    '%00',
    '${7*7}',
    '0',
    '-1',
    'NaN',
    'null',
    '@g.us',
    '1@lid',
  ),
  fc.constantFrom(
    'http://[',
    'http://',
    'javascript:alert(1)',
    'socks5://',
    '99999999999999999999@s.whatsapp.net',
    '1:2:3',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);
const oddNumber = fc.oneof(
  fc.constantFrom(-1, 0, 1e308, 2 ** 53, -0, 0.5),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anyJson: Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const notJson = fc.constantFrom(
  '',
  '{',
  '[1,',
  'nul',
  '{"a":1}}',
  '"\\ud800"',
  '['.repeat(50_000),
  '{"__proto__":{"a":1}}',
);

/** A good value for each field, as far as a schema can tell; odd texts and numbers in it when `odd`. */
function shaped(schema: Schema, name: string, real: Real, odd: boolean): Arbitrary<unknown> {
  if (name === 'timeout') return fc.constant(0);
  if (name === 'sessionId') return fc.constant(real.sessionId);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => shaped(one, name, real, odd)));
  if (schema.type === 'object') return shapedObject(schema, real, odd);
  if (schema.type !== 'array') return scalar(schema, real, odd);
  return fc.array(shaped(schema.items ?? {}, name, real, odd), { minLength: schema.minItems ?? 0, maxLength: 4 });
}

function scalar({ type, minimum = 0, maximum = 9 }: Schema, real: Real, odd: boolean): Arbitrary<unknown> {
  if (type === 'string')
    return odd ? fc.oneof(oddText, fc.constant(real.phone)) : fc.constantFrom(real.phone, 'some words');
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  if (type !== 'integer' && type !== 'number') return anyJson;
  return odd ? oddNumber : fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, 1_000)) });
}

function shapedObject({ properties = {}, required = [] }: Schema, real: Real, odd: boolean) {
  // What waits for an acknowledgement is left to the tests that give one.
  const fields = Object.entries(properties).filter(([name]) => name !== 'waitFor');
  const model = Object.fromEntries(fields.map(([name, schema]) => [name, shaped(schema, name, real, odd)]));
  return fc.record(model, {
    requiredKeys: Object.keys(model).filter((name) => required.includes(name) || name === 'timeout'),
  });
}

/** As the schema says but for one field missing, too many, or of a type no field has: refused for certain. */
function broken(schema: Schema, real: Real): Arbitrary<unknown> {
  const whole = shaped(schema, '', real, false) as Arbitrary<Record<string, unknown>>;
  const names = Object.keys(schema.properties ?? {});
  const required = schema.required ?? [];
  // Defined, not assigned: `__proto__` has to become a field of the text that is sent.
  const withField = (value: Record<string, unknown>, name: string, field: unknown) =>
    Object.fromEntries([...Object.entries(value), [name, field]]);
  return fc.oneof(
    fc.tuple(whole, fc.constantFrom(...KEYS), anyJson).map(([value, name, field]) => withField(value, name, field)),
    fc.constantFrom(null, [], 'text', 7, true, [[]]),
    ...(names.length > 0
      ? [fc.tuple(whole, fc.constantFrom(...names)).map(([value, name]) => withField(value, name, { a: { b: 1 } }))]
      : []),
    ...(required.length > 0
      ? [
          fc
            .tuple(whole, fc.constantFrom(...required))
            .map(([value, name]) => Object.fromEntries(Object.entries(value).filter(([one]) => one !== name))),
        ]
      : []),
  );
}

const bodyOf = (schema: Schema, certainly: boolean, real: Real): Arbitrary<string> => {
  const wrong = broken(schema, real);
  const values = certainly ? wrong : fc.oneof(wrong, shaped(schema, '', real, true), anyJson);
  return fc.oneof(
    { arbitrary: values.map((value) => JSON.stringify(value)), weight: 9 },
    { arbitrary: notJson, weight: 1 },
  );
};

function requestOf(
  route: string,
  path: string,
  method: string,
  operation: Operation,
  real: Real,
): Arbitrary<FuzzedRequest> {
  const parameters = operation.parameters ?? [];
  const schema = operation.requestBody?.content['application/json']?.schema;
  const isHarmless = HARMLESS.test(route);
  const named = (kind: string) => parameters.filter((parameter) => parameter.in === kind);
  const strangers = oddText.map((text) => text.slice(0, 300));
  const inPath = (isReal: boolean) =>
    fc.record(
      Object.fromEntries(
        named('path').map(({ name }) => [
          name,
          !isReal
            ? strangers
            : name === 'sessionId'
              ? fc.constant(real.sessionId)
              : fc.oneof(strangers, fc.constant(real.phone)),
        ]),
      ),
    );
  const query = fc.record(
    Object.fromEntries(
      named('query').map(({ name, schema }) => [
        name,
        // A wait that is not refused is over at once.
        name === 'timeout'
          ? fc.constantFrom('0', '-1', 'x')
          : fc.oneof(
              shaped(schema, name, real, false),
              oddText.map((text) => text.slice(0, 2_000)),
              fc.constant(real.sessionId),
            ),
      ]),
    ),
    { requiredKeys: named('query').flatMap(({ name }) => (name === 'timeout' ? [name] : [])) },
  );
  const extra = fc.option(fc.constantFrom(...KEYS), { freq: 4, nil: undefined });
  const key = fc.option(fc.constantFrom('key-1', '', 'k'.repeat(300), '{}'), { nil: undefined });
  // Without a body nothing of a changing request could be wrong but whom it names.
  const realness = fc.boolean().map((wanted) => wanted && (isHarmless || schema !== undefined));
  return realness.chain((isReal) =>
    fc
      .record({
        params: inPath(isReal),
        query,
        extra,
        key,
        body: schema ? bodyOf(schema, isReal && !isHarmless, real) : fc.constant(undefined),
      })
      .map(({ params, query, extra, key, body }) => {
        const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent(String(params[name]).toWellFormed()),
        );
        const asked = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
        const search = new URLSearchParams([...asked, ...(extra === undefined ? [] : [[extra, 'x']])] as [
          string,
          string,
        ][]);
        return {
          route,
          method,
          path: `${filled}?${search.toString()}`,
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(key !== undefined && { 'idempotency-key': key }),
          },
          body,
        };
      }),
  );
}

/** One wrong request to every route. */
export function wrongRequests({ paths }: OpenApi, real: Real): Arbitrary<FuzzedRequest>[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, operation]) => {
      const method = verb.toUpperCase();
      const route = `${method} ${path}`;
      return LEFT_OUT.has(route) ? [] : [requestOf(route, path, method, operation, real)];
    }),
  );
}
