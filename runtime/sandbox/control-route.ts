/** What a route of the control server is, and what those who write routes need. */
import type { Account, Sandbox } from './sandbox.ts';

/** What the control server steers: the sandbox but for its own life. */
export type Controlled = Pick<
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

export interface Route {
  readonly method: 'GET' | 'POST';
  /** The path; its one group, where it has one, is what the route is about: a phone number, a group's JID. */
  readonly path: RegExp;
  readonly fields: Readonly<Record<string, Field>>;
  handle(sandbox: Controlled, subject: string, given: Given): object | Promise<object>;
}

/** Whether what was given, if anything, is what the field takes. */
export function fits({ type, required: isRequired }: Field, given: unknown): boolean {
  if (given === undefined) return !isRequired;
  if (type !== 'strings' && type !== 'objects') return typeof given === type;
  const each = type === 'strings' ? 'string' : 'object';
  return Array.isArray(given) && given.every((item) => typeof item === each && item !== null);
}

export const required: Field = { type: 'string', required: true };
export const optional: Field = { type: 'string', required: false };
export const flag: Field = { type: 'boolean', required: false };
export const phones: Field = { type: 'strings', required: false };

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
