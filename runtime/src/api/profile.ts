/** Names of profiles in requests: which there are is configured, so that a schema cannot say it. */
import type { ProfileName } from '../config.ts';
import { RuntimeError } from '../errors.ts';

/** Throws `invalid_request` for a name that is not there; none, or null for the runtime's own, is fine. */
export function requireProfile(profiles: readonly ProfileName[], name: ProfileName | null | undefined): void {
  if (name === undefined || name === null || profiles.includes(name)) return;
  throw new RuntimeError('invalid_request', { details: [`humanization: must be one of ${profiles.join(', ')}`] });
}
