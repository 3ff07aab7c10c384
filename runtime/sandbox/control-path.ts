/** Paths of the control server: which parts they have, and whether a request's path is one of them. */
import { ControlError } from './control-route.ts';
import type { PathParts } from './control-route.ts';

/** What a part of a path looks like, by its name; any other is any text. */
const PARTS: Readonly<Record<string, RegExp>> = {
  phone: /^\d+$/,
  jid: /^\d+@g\.us$/,
  fault: /^f\d+$/,
  proxy: /^p\d+$/,
  relay: /^r\d+$/,
};

/** The parts of a path by their names; null when it is not this route's. */
export function partsOf(route: string, path: string): PathParts | null {
  const wanted = route.split('/');
  const given = path.split('/').map(decoded);
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [at, want] of wanted.entries()) {
    const part = given[at] ?? '';
    const name = want.startsWith(':') ? want.slice(1) : null;
    if (name === null ? part !== want : !(PARTS[name] ?? /./).test(part)) return null;
    if (name !== null) parts[name] = part;
  }
  return parts;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ControlError(400, `${JSON.stringify(part)} is not URL-encoded text`);
  }
}
