/** What a scenario is played with: its people and groups in the sandbox, its variables, and what it has to clear away. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../account.ts';
import type { Contact } from '../contact.ts';
import type { ActiveFault } from '../faults/registry.ts';
import type { Group } from '../groups/groups.ts';
import { ACCOUNT } from './names.ts';
import { Refusals } from './refusals.ts';
import type { RunOptions, Theatre } from './run.ts';
import { millisecondsOf, VARIABLE } from './scenario.ts';
import type { Duration, ReplyRule, Scenario } from './scenario.ts';

export class Stage {
  readonly sandbox: Theatre;
  readonly scenario: Scenario;
  readonly account: Account;
  readonly signal: AbortSignal;
  readonly variables = new Map<string, string>();
  readonly faults: ActiveFault[] = [];
  readonly refusals: Refusals;
  /** Messages that steps have given a name, by id. */
  readonly messages = new Map<string, string>();
  /** Messages that an earlier expectation has been met by: each meets one. */
  readonly #met = new Set<string>();
  readonly #contacts = new Map<string, Contact>();
  readonly #groups = new Map<string, Group>();
  #restricted = false;

  constructor(sandbox: Theatre, scenario: Scenario, { account, signal }: RunOptions) {
    this.sandbox = sandbox;
    this.scenario = scenario;
    this.signal = signal ?? new AbortController().signal;
    this.account = sandbox.account(account);
    this.refusals = new Refusals(sandbox.events, account);
    this.variables.set(ACCOUNT, account);
    for (const [name, value] of Object.entries(scenario.variables)) this.variables.set(name, String(value));
    for (const [name, { phone, replies = [], ...habits }] of Object.entries(scenario.contacts)) {
      this.variables.set(name, String(phone));
      const contact = sandbox.contact(String(phone), { ...habits, repliesWith: (text) => this.#answer(replies, text) });
      this.#contacts.set(name, contact);
      // What came before is no answer to this scenario.
      for (const { messageId } of contact.screen) this.#met.add(`${name} ${messageId}`);
    }
    for (const [name, { members, ...options }] of Object.entries(scenario.groups)) {
      this.#groups.set(name, sandbox.group({ ...options, members: members.map((member) => this.person(member)) }));
    }
  }

  contact(name: string): Contact {
    const contact = this.#contacts.get(name);
    if (!contact) throw new Error(`there is no contact ${name}`);
    return contact;
  }

  person(name: string): Contact | Account {
    return name === ACCOUNT ? this.account : this.contact(name);
  }

  /** The JIDs by which a contact is written to. */
  jidsOf(name: string): readonly string[] {
    const { jid, lid } = this.contact(name);
    return [jid, lid];
  }

  group(name: string): Group {
    const group = this.#groups.get(name);
    if (!group) throw new Error(`there is no group ${name}`);
    return group;
  }

  /** Where a contact writes: in the group named, or to the account. */
  chat(group: string | undefined): Group | Account {
    return group === undefined ? this.account : this.group(group);
  }

  /** A text with the variables in it filled in. Throws for one there is not. */
  fill(text: string, more: Readonly<Record<string, string>> = {}): string {
    return text.replace(VARIABLE, (_whole, name: string) => more[name] ?? this.#variable(name));
  }

  /** A pattern, in any case, with the variables in it standing for themselves. */
  pattern(source: string): RegExp {
    return new RegExp(
      source.replace(VARIABLE, (_whole, name: string) => literal(this.#variable(name))),
      'iu',
    );
  }

  #variable(name: string): string {
    const value = this.variables.get(name);
    if (value === undefined) throw new Error(`there is no variable ${name}`);
    return value;
  }

  idOf(message: string): string {
    const id = this.messages.get(message);
    if (id === undefined) throw new Error(`no message has been named ${message} yet`);
    return id;
  }

  isNew(contact: string, messageId: string): boolean {
    return !this.#met.has(`${contact} ${messageId}`);
  }

  meet(contact: string, messageId: string): void {
    this.#met.add(`${contact} ${messageId}`);
  }

  async pause(duration: Duration): Promise<void> {
    await sleep(millisecondsOf(duration), undefined, { signal: this.signal });
  }

  /** Restricts the account for so long, told or not; null frees it. */
  restrict(milliseconds: number | null, told = true): void {
    this.#restricted = milliseconds !== null;
    const { restrictions } = this.sandbox;
    if (milliseconds === null) restrictions.lift(this.account.phone);
    else restrictions.restrict(this.account.phone, { until: new Date(Date.now() + milliseconds), told });
  }

  /** Leaves nothing going on: no fault, no restriction, nobody who answers. */
  clear(): void {
    for (const fault of this.faults) fault.stop();
    this.refusals.stop();
    if (this.#restricted) this.restrict(null);
    for (const contact of this.#contacts.values()) contact.behave({ repliesWith: () => null });
  }

  #answer(rules: readonly ReplyRule[], text: string): string | null {
    for (const { when, says } of rules) {
      const match = new RegExp(when, 'iu').exec(text);
      if (match) return this.fill(says, match.groups);
    }
    return null;
  }
}

/** A text as a pattern that only it fits. */
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
