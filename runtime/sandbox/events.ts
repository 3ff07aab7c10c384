/** What a sandbox tells those who watch it. */
import type { Account } from './account.ts';
import type { Contact } from './contact.ts';
import type { Group } from './groups/groups.ts';
import type { ReceivedReceipt } from './phone.ts';
import type { CallState } from './social/social.ts';
import type { Stanza } from './stanza.ts';

/** A message on a contact's screen, received or written. */
export interface RowEvent {
  readonly contact: Contact;
  readonly messageId: string;
}

/** A linked device of an account. */
export interface DeviceEvent {
  readonly phone: string;
  readonly deviceId: number;
}

export interface StanzaEvent {
  /** The account the stanza came from or goes to; null before login. */
  readonly phone: string | null;
  /** Seen from the server: `in` comes from a client. */
  readonly direction: 'in' | 'out';
  readonly node: Stanza;
}

export interface FaultEvent {
  /** The id it is stopped by; null for a fault that happens once. */
  readonly id: string | null;
  readonly name: string;
  /** The account it is about; null for everybody. */
  readonly phone: string | null;
  readonly state: 'begun' | 'ended' | 'happened';
}

export interface SandboxEvents {
  account: [made: Account];
  contact: [made: Contact];
  /** A group was made or changed. */
  group: [group: Group];
  /** A phone scanned a client's QR code and the client signed back. */
  linked: [event: DeviceEvent];
  /** A linked device logged in. */
  login: [event: DeviceEvent];
  /** A logged-in device's connection ended, whoever ended it. */
  closed: [event: DeviceEvent];
  /** Every decoded stanza, before it is handled. */
  stanza: [event: StanzaEvent];
  /** A contact decrypted a message for the first time. `from` is the sender's phone number. */
  message: [event: { contact: Contact; messageId: string; text: string; from: string }];
  /** A contact wrote a message, on any of its devices. */
  said: [event: RowEvent];
  /** A message was reacted to, edited, deleted or voted on. */
  changed: [event: RowEvent];
  /** A receipt came back to a contact for a message it sent. */
  receipt: [event: { contact: Contact; messageId: string; kind: ReceivedReceipt['kind']; deviceId: number }];
  /** What a client shows of itself: `available`, `unavailable`, or in a chat `composing`, `recording`, `paused`. */
  presence: [event: { phone: string; to: string | null; state: string }];
  /** A call to an account has reached a state. `from` and `to` are phone numbers. */
  call: [event: { callId: string; from: string; to: string; state: CallState }];
  fault: [event: FaultEvent];
}
