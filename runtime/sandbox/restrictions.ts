/**
 * Accounts that WhatsApp holds back from people they have never exchanged a message with, and who do not trust them: for a time (the reach-out
 * time lock), or by a quota of new chats. Messages to such people are refused; to all others they pass.
 */
import type { Directory, Person } from './directory.ts';
import { node, SERVICE } from './stanza.ts';
import { notifyAll } from './social/notify.ts';
import type { Social } from './social/social.ts';

/** The errors of refused messages, as acks carry them. */
const REACHOUT_TIMELOCKED = '463';
const NEW_CHATS_CAPPED = '475';

export interface TimeLock {
  readonly until: Date;
  /** Why, in WhatsApp's words; clients know `DEFAULT`, `BIZ_QUALITY`, `WEB_COMPANION_ONLY` and others. */
  readonly enforcement?: string;
  /** Whether the account's clients are told at once, as is usual; otherwise they learn of it when they are refused, or ask. */
  readonly told?: boolean;
}

type Lock = Required<Omit<TimeLock, 'told'>>;

/** A quota of new chats, and how many have been begun since it was set. */
interface Cap {
  readonly quota: number;
  readonly begun: Set<Person>;
  readonly since: Date;
}

/** Length of a quota's cycle. */
const CYCLE_MS = 30 * 86_400_000;
const NO_LIMIT = { ote_status: 'NOT_ELIGIBLE', mv_status: 'NOT_ELIGIBLE', capping_status: 'NONE' };

const seconds = (at: number): string => String(Math.floor(at / 1000));

export class Restrictions {
  readonly #directory: Directory;
  readonly #social: Social;
  readonly #locks = new Map<Person, Lock>();
  readonly #caps = new Map<Person, Cap>();

  constructor(directory: Directory, social: Social) {
    this.#directory = directory;
    this.#social = social;
  }

  /**
   * Forbids an account to write to people it never exchanged a message with, until a time, and tells its clients unless it is not to be told.
   * Throws for a number nobody has, and a time that has passed.
   */
  restrict(phone: string, { until, enforcement = 'DEFAULT', told = true }: TimeLock): void {
    const person = this.#person(phone);
    if (!(until.getTime() > Date.now())) throw new Error('a restriction must end in the future');
    this.#locks.set(person, { until, enforcement });
    if (told) this.#tellLock(person);
  }

  /** Ends a restriction early, and tells the account's clients. One that ends by itself is told to nobody. */
  lift(phone: string): void {
    const person = this.#person(phone);
    this.#locks.delete(person);
    this.#tellLock(person);
  }

  /** Lets an account begin so many new chats and refuses others; null ends it. Tells its clients. */
  capNewChats(phone: string, quota: number | null): void {
    const person = this.#person(phone);
    if (quota === null) this.#caps.delete(person);
    else if (!Number.isInteger(quota) || quota < 0) throw new Error('a quota of new chats is a whole number, or null');
    else this.#caps.set(person, { quota, begun: new Set(), since: new Date() });
    this.#tellCap(person);
  }

  /** The error a message is refused with, to nobody's number too; null when it passes, which counts as beginning a chat. */
  judge(from: Person, to: Person | undefined, token?: Buffer): string | null {
    const { circle, tokens } = this.#social;
    if (from === to || (to && (circle.knows(from, to) || tokens.isValid(to, from, token)))) return null;
    if (this.#activeLock(from)) return REACHOUT_TIMELOCKED;
    const cap = this.#caps.get(from);
    if (!cap || !to) return null;
    if (cap.begun.size >= cap.quota) return NEW_CHATS_CAPPED;
    cap.begun.add(to);
    this.#tellCap(from);
    return null;
  }

  /** The time lock as clients are told it. */
  lockOf(person: Person): object {
    const lock = this.#activeLock(person);
    return {
      is_active: lock !== undefined,
      time_enforcement_ends: lock ? seconds(lock.until.getTime()) : '0',
      enforcement_type: lock?.enforcement ?? 'DEFAULT',
    };
  }

  /** The quota of new chats as clients are told it. */
  capOf(person: Person): object {
    const cap = this.#caps.get(person);
    const sent = { server_sent_timestamp: seconds(Date.now()) };
    if (!cap) return { ...NO_LIMIT, ...sent };
    const { quota, begun, since } = cap;
    return {
      ...NO_LIMIT,
      ...sent,
      total_quota: quota,
      used_quota: begun.size,
      cycle_start_timestamp: seconds(since.getTime()),
      cycle_end_timestamp: seconds(since.getTime() + CYCLE_MS),
      capping_status: begun.size >= quota ? 'CAPPED' : 'NONE',
    };
  }

  #activeLock(person: Person): Lock | undefined {
    const lock = this.#locks.get(person);
    return lock && lock.until.getTime() > Date.now() ? lock : undefined;
  }

  #tellLock(person: Person): void {
    const data = { xwa2_notify_account_reachout_timelock: this.lockOf(person) };
    tell(person, 'NotificationUserReachoutTimelockUpdate', data);
  }

  #tellCap(person: Person): void {
    const data = { xwa2_notify_new_chat_messages_capping_info_update: this.capOf(person) };
    tell(person, 'MessageCappingInfoNotification', data);
  }

  #person(phone: string): Person {
    const person = this.#directory.find(`${phone}@s.whatsapp.net`)?.person;
    if (!person) throw new Error(`nobody has ${phone}`);
    return person;
  }
}

function tell(person: Person, operation: string, data: object): void {
  const update = node('update', { op_name: operation }, Buffer.from(JSON.stringify({ data })));
  notifyAll(person, { type: 'mex', from: SERVICE, content: [update] });
}
