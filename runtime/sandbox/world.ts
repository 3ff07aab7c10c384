/** The parts of one running sandbox, as those who handle a client's stanzas need them. */
import type { EventEmitter } from 'node:events';
import type { Account } from './account.ts';
import type { Delivery } from './delivery.ts';
import type { Directory } from './directory.ts';
import type { SandboxEvents } from './events.ts';
import type { Interferences } from './faults/interference.ts';
import type { Groups } from './groups/groups.ts';
import type { LinkedDevice } from './linked-device.ts';
import type { Media } from './media/media.ts';
import type { PostOffice } from './post-office.ts';
import type { Blobs, PreKeyStock, Registrations } from './linking/linking.ts';
import type { Restrictions } from './restrictions.ts';
import type { Social } from './social/social.ts';
import type { Stanza } from './stanza.ts';

export interface World {
  readonly directory: Directory;
  readonly postOffice: PostOffice;
  readonly registrations: Registrations;
  readonly preKeyStock: PreKeyStock;
  readonly blobs: Blobs;
  /** Where active faults take hold of connections. */
  readonly interferences: Interferences;
  readonly delivery: Delivery;
  readonly social: Social;
  readonly restrictions: Restrictions;
  readonly groups: Groups;
  readonly media: Media;
  readonly events: EventEmitter<SandboxEvents>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly log: (line: string) => void;
  /** Records a stanza nobody knows how to handle; tests fail on any. */
  readonly unhandled: (stanza: Stanza) => void;
}

/** Handles one kind of stanza of a logged-in device. */
export type StanzaHandler = (world: World, device: LinkedDevice, stanza: Stanza) => void;
