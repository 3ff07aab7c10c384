/** What a fault is: a name, a sentence, what it takes, and how it begins and ends. */
import type { Account } from '../account.ts';
import type { Flaw } from '../certificate-chain.ts';
import type { Connection } from '../connection.ts';
import type { Contact } from '../contact.ts';
import type { Delivery } from '../delivery.ts';
import type { LinkedDevice } from '../linked-device.ts';
import type { Registrations } from '../linking/linking.ts';
import type { MediaServer } from '../media/media-server.ts';
import type { Network } from '../network.ts';
import type { Interference } from './interference.ts';

/** What a fault may take hold of. */
export interface Scene {
  /** The account it is about; null for everybody. */
  readonly phone: string | null;
  readonly delivery: Delivery;
  readonly registrations: Registrations;
  /** Each is done after what was asked before. */
  readonly server: { goDown(): Promise<void>; comeUp(): Promise<void> };
  readonly media: Pick<MediaServer, 'faults' | 'goDown' | 'comeUp'>;
  readonly network: Pick<Network, 'proxies' | 'relays'>;
  /** A certificate chain of the server's that has something wrong with it. */
  flawedChain(flaw: Flaw): Uint8Array;
  /** Somebody to write to the accounts, made on first use. Throws for what is no free phone number. */
  contact(phone: string): Contact;
  accounts(): Account[];
  /** Their linked devices. */
  devices(): LinkedDevice[];
  /** The open connections of those. */
  connections(): Connection[];
  /** Takes hold of what passes; the function returned lets go. */
  interfere(how: Omit<Interference, 'phone'>): () => void;
}

/** A number or a text, by name. */
export type Settings = Readonly<Record<string, number | string>>;

export interface FaultKind {
  readonly name: string;
  /** What goes wrong, for people. */
  readonly sentence: string;
  /** What it takes, with the value it has when nothing is said. */
  readonly settings: Settings;
  /** Lasts until it is stopped; one that does not happens once, at once. */
  readonly lasting: boolean;
  /**
   * What it can be about: an account, or all of them when none is named; or everybody only, such as what happens before a
   * client has said who it is.
   */
  readonly scope: 'account' | 'everybody';
  begin(scene: Scene, settings: Settings): (() => void) | undefined;
}

type Begin = FaultKind['begin'];

/** A fault that happens once. */
export const once = (
  name: string,
  sentence: string,
  settings: Settings,
  act: (scene: Scene, settings: Settings) => void,
): FaultKind => ({
  ...{ name, sentence, settings, lasting: false, scope: 'account' },
  begin(scene, given) {
    act(scene, given);
    return undefined;
  },
});

/** A fault that lasts until it is stopped. */
export const lasting = (name: string, sentence: string, settings: Settings, begin: Begin): FaultKind => ({
  ...{ name, sentence, settings, lasting: true, scope: 'account', begin },
});

/** The same fault, which no account can be named for. */
export const forEverybody = (kind: FaultKind): FaultKind => ({ ...kind, scope: 'everybody' });
