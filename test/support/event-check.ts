/** Whether an event is as runtime/docs/events.schema.json says. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Validate {
  (value: unknown): boolean;
  errors?: unknown;
}

// The runtime's own validator: it is no dependency of the tests.
const fromRuntime = createRequire(new URL('../../runtime/package.json', import.meta.url));
const { Ajv2020 } = fromRuntime('ajv/dist/2020.js') as {
  Ajv2020: new (options: object) => { compile(schema: unknown): Validate };
};
const file = new URL('../../runtime/docs/events.schema.json', import.meta.url);
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(file, 'utf8')) as unknown,
);

/** What is wrong with it; null when nothing is. */
export const wrongIn = (event: unknown): unknown => (validate(event) ? null : validate.errors);
