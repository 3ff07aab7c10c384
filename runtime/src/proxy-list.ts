/** What the pool's proxies are made of, and the list of them as PROXY_POOL has it: checked here once, wherever it comes from. */
import { parse } from 'yaml';
import type { Read, ValueKind } from './config-values.ts';
import { RuntimeError, toError } from './errors.ts';
import { parseProxyUrl } from './proxy-address.ts';

/** How a session gets its place in the pool. */
export type ProxyStrategy = 'round-robin' | 'least-used' | 'random';

export interface ProxyDefinition {
  /** With user and password; secret. */
  url: string;
  /** Its share of the sessions beside the others'. */
  weight: number;
  /** At most so many sessions; null for any number. */
  maxSessions: number | null;
  /** For sessions that ask for one, in lower case; null for none in particular. */
  region: string | null;
  /** What people call it. */
  label: string | null;
}

/** As a caller or the configuration gives it; what is missing has its default. */
export interface GivenProxy {
  url: string;
  weight?: number | undefined;
  maxSessions?: number | null | undefined;
  region?: string | null | undefined;
  label?: string | null | undefined;
}

/** What the API's schema and the configuration allow. */
export const PROXY_BOUNDS = { weight: 1_000, maxSessions: 100_000, text: 64 } as const;

/** Throws `invalid_proxy_url`. */
export const definitionOf = ({ url, weight, maxSessions, region, label }: GivenProxy): ProxyDefinition => ({
  url: parseProxyUrl(url).href,
  weight: weight ?? 1,
  maxSessions: maxSessions ?? null,
  region: regionOf(region),
  label: label?.trim() || null,
});

/** Regions are compared in lower case. */
export const regionOf = (region: string | null | undefined): string | null => region?.trim().toLowerCase() || null;

/** A list of proxies: URLs with commas or spaces between them, or YAML (JSON is YAML too) with URLs or objects. */
export const proxyList: ValueKind<readonly ProxyDefinition[]> = {
  type: 'URLs, or a YAML or JSON list of URLs or of url, weight, maxSessions, region, label',
  read(text) {
    const listed = /^\s*(\[|-\s)/.test(text) ? asYaml(text) : { value: text.split(/[\s,]+/).filter(Boolean) };
    return 'problem' in listed ? listed : allOf(listed.value);
  },
};

function asYaml(text: string): Read<unknown[]> {
  try {
    const parsed: unknown = parse(text);
    return Array.isArray(parsed) ? { value: parsed } : { problem: 'must be a list' };
  } catch {
    // The parser's own words repeat the text, which is secret.
    return { problem: 'is neither valid YAML nor JSON' };
  }
}

function allOf(entries: unknown[]): Read<readonly ProxyDefinition[]> {
  const read: ProxyDefinition[] = [];
  for (const [at, entry] of entries.entries()) {
    const problem = typeof entry === 'string' ? null : problemOf(entry);
    if (problem !== null) return { problem: `entry ${at + 1}: ${problem}` };
    try {
      read.push(definitionOf(typeof entry === 'string' ? { url: entry } : (entry as GivenProxy)));
    } catch (error) {
      const why = error instanceof RuntimeError ? error.details.join('; ') : toError(error).message;
      return { problem: `entry ${at + 1}: ${why.replace(/^proxy: /, '')}` };
    }
  }
  const doubled = read.findIndex(({ url }, at) => read.findIndex((other) => sameProxy(other.url, url)) < at);
  return doubled < 0 ? { value: Object.freeze(read) } : { problem: `entry ${doubled + 1} is there twice` };
}

/** One proxy may be in the pool once: the same address and user, whatever the password. */
export function sameProxy(one: string, other: string): boolean {
  const [a, b] = [parseProxyUrl(one), parseProxyUrl(other)];
  return a.shown === b.shown && a.user === b.user;
}

const isText = (value: unknown) => typeof value === 'string' && value.length <= PROXY_BOUNDS.text;
const isWhole = (most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) <= most;
const wholeUpTo = (most: number) => ({ passes: isWhole(most), says: `must be a whole number from 1 to ${most}` });
const text = { passes: isText, says: `must be text of at most ${PROXY_BOUNDS.text} characters` };
const FIELDS: Readonly<Record<string, { passes(value: unknown): boolean; says: string }>> = {
  url: { passes: (value) => typeof value === 'string', says: 'must be text' },
  weight: wholeUpTo(PROXY_BOUNDS.weight),
  maxSessions: wholeUpTo(PROXY_BOUNDS.maxSessions),
  region: text,
  label: text,
};

/** What is wrong with the form of an entry; null when nothing is. */
function problemOf(entry: unknown): string | null {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'must be a URL or an object';
  if (!('url' in entry)) return 'url is missing';
  for (const [name, value] of Object.entries(entry)) {
    const field = FIELDS[name];
    if (!field) return `a field is not known; known are ${Object.keys(FIELDS).join(', ')}`;
    if (value !== null && !field.passes(value)) return `${name} ${field.says}`;
    if (value === null && name === 'url') return 'url must be text';
  }
  return null;
}
