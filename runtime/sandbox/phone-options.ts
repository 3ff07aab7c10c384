/** What a phone is made with, and what it keeps of what it sent and got. */
import type { proto } from '@whiskeysockets/baileys';
import type { Address, Addressing, Person } from './directory.ts';
import type { Group, Groups } from './groups/groups.ts';
import type { PostOffice } from './post-office.ts';
import type { Screen, ScreenMessage } from './screen.ts';

/** A receipt for a message this phone sent. */
export interface ReceivedReceipt {
  /** The phone number of who confirms. */
  readonly from: string;
  readonly kind: 'delivered' | 'read' | 'played';
  readonly deviceId: number;
  readonly at: Date;
}

/** A message this phone sent, kept to send it again. */
export interface Sent {
  readonly message: proto.IMessage;
  readonly chat: Person | Group;
  readonly addressing: Addressing;
  readonly type: string;
  readonly category?: string | undefined;
  /** Whether the partner's linked devices get no more than word of it. */
  readonly phoneOnly?: boolean;
  /** Protobuf bytes that come after those of the message: fields nobody knows. Not in groups. */
  readonly unknownFields?: Uint8Array | undefined;
  readonly receipts: ReceivedReceipt[];
}

/** Where a shown message came from and how it was addressed, for its receipts. */
export interface Origin {
  readonly sender: Address;
  readonly addressing: Addressing;
  readonly group: Group | undefined;
}

export interface PhoneOptions {
  readonly postOffice: PostOffice;
  readonly groups: Groups;
  readonly screen: Screen;
  /** Whether it confirms what it receives. An account's phone lies in a drawer: it receives, and says nothing. */
  readonly confirms: boolean;
  /** Called when a message appears on the screen for the first time. */
  readonly onShown: (row: ScreenMessage, chat: Person | Group) => void;
  /** Called when a receipt comes back for a message this phone sent. */
  readonly onReceipt: (messageId: string, receipt: ReceivedReceipt) => void;
  /** Called with a message of another device of its person that shows in no chat. */
  readonly onPeer?: (content: proto.IMessage, sender: Address, messageId: string) => void;
  readonly log: (line: string) => void;
}
