/** Times as callers write them. */
import { RuntimeError } from '../errors.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Milliseconds since 1970 of a time given so or in ISO 8601 with its zone. Throws `invalid_request` that names the field. */
export function parseTime(value: number | string | undefined, field: string): number | undefined {
  if (typeof value !== 'string') return value;
  const time = ISO.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new RuntimeError('invalid_request', {
    details: [`${field}: must be milliseconds since 1970 or a time with its zone such as 2030-01-31T09:00:00Z`],
  });
}
