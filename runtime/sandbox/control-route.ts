/** What a route of the control server is, and what those who write routes need. */
import type { ServerResponse } from 'node:http';
import type { EventFeed } from './event-feed.ts';
import type { Account, Contact, Sandbox } from './sandbox.ts';

/** What the control server steers: the sandbox but for its own life. */
export type Controlled = { readonly feed: EventFeed } & Pick<
  Sandbox,
  | 'account'
  | 'contact'
  | 'accounts'
  | 'contacts'
  | 'group'
  | 'groups'
  | 'delivery'
  | 'restrictions'
  | 'trouble'
  | 'media'
  | 'network'
  | 'unhandled'
>;

/** A request that cannot be met, with the HTTP status that says why. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Field {
  readonly type: 'string' | 'boolean' | 'number' | 'strings' | 'object' | 'objects';
  readonly required: boolean;
}

export type Given = Readonly<Record<string, unknown>>;

/** An answer that is not JSON: it writes itself, its head included. */
export class Reply {
  readonly write: (response: ServerResponse) => void;

  constructor(write: (response: ServerResponse) => void) {
    this.write = write;
  }
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** The path, with a `:name` for each part that says what the request is about; `control-path.ts` has the names. */
  readonly path: string;
  /** What it does, for people. */
  readonly about: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** How many bytes a body may have, where that is more than usual. */
  readonly maxBytes?: number;
  /** `subject` is the first of the path's parts, empty where it has none. */
  handle(sandbox: Controlled, subject: string, given: Given, parts: PathParts): object | Promise<object>;
}

/** The parts of a path by their names. */
export type PathParts = Readonly<Record<string, string>>;

/** Whether what was given, if anything, is what the field takes. */
function fits({ type, required: isRequired }: Field, given: unknown): boolean {
  if (given === undefined) return !isRequired;
  if (type === 'object') return typeof given === 'object' && given !== null && !Array.isArray(given);
  if (type !== 'strings' && type !== 'objects') return typeof given === type;
  const each = type === 'strings' ? 'string' : 'object';
  return Array.isArray(given) && given.every((item) => typeof item === each && item !== null);
}

const NAMES = {
  string: 'a string',
  boolean: 'a boolean',
  number: 'a number',
  strings: 'a list of strings',
  object: 'an object',
  objects: 'a list of objects',
} as const;

/** Throws a 400 unless there is nothing but the fields, each is what it takes, and those required are there. */
export function requireFields(fields: Route['fields'], given: Given, where = ''): void {
  for (const field of Object.keys(given)) {
    if (Object.hasOwn(fields, field)) continue;
    const known = Object.keys(fields).join(', ') || 'none';
    throw new ControlError(400, `unknown field ${JSON.stringify(field)}${where}; known are: ${known}`);
  }
  for (const [field, rule] of Object.entries(fields)) {
    if (!fits(rule, given[field])) throw new ControlError(400, `${field} must be ${NAMES[rule.type]}${where}`);
  }
}

export const required: Field = { type: 'string', required: true };
export const optional: Field = { type: 'string', required: false };
export const flag: Field = { type: 'boolean', required: false };
export const phones: Field = { type: 'strings', required: false };
export const number: Field = { type: 'number', required: false };

/** Turns what the sandbox throws at bad input into a 400 with the same sentence. */
export async function refusing<T>(action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new ControlError(400, error instanceof Error ? error.message : String(error));
  }
}

/** The account with this number. Answers 404 when there is none. */
export function accountOf({ accounts }: Controlled, phone: string): Account {
  const account = accounts.get(phone);
  if (!account) throw new ControlError(404, `${phone} is not an account; scan a QR code with it first`);
  return account;
}

/** The contact with this number. Answers 404 when there is none. */
export function contactOf({ contacts }: Controlled, phone: string): Contact {
  const contact = contacts.get(phone);
  if (!contact) throw new ControlError(404, `nobody has ${phone}; make a contact with POST /contacts`);
  return contact;
}
