/** Makes the accounts and contacts of a sandbox, each with a phone, and keeps them. */
import { EventEmitter } from 'node:events';
import { binaryNodeToString } from '@whiskeysockets/baileys';
import { Account } from './account.ts';
import { Contact } from './contact.ts';
import type { ContactOptions } from './contact.ts';
import type { Handset } from './contact-devices.ts';
import { Delivery } from './delivery.ts';
import { Directory } from './directory.ts';
import type { Person } from './directory.ts';
import type { SandboxEvents } from './events.ts';
import { Interferences } from './faults/interference.ts';
import { Groups } from './groups/groups.ts';
import { Registrations } from './linking/linking.ts';
import type { LinkingOptions } from './linking/linking.ts';
import { Media } from './media/media.ts';
import { Phone } from './phone.ts';
import type { PhoneOptions } from './phone.ts';
import { PostOffice } from './post-office.ts';
import { Restrictions } from './restrictions.ts';
import { Screen } from './screen.ts';
import { Social } from './social/social.ts';
import type { World } from './world.ts';

type Handling = Pick<PhoneOptions, 'confirms' | 'onShown' | 'onReceipt' | 'onPeer'>;

/** An account's phone receives like any other, but nobody looks at it. */
const IN_A_DRAWER: Handling = { confirms: false, onShown: () => undefined, onReceipt: () => undefined };

export class People {
  readonly accounts = new Map<string, Account>();
  readonly contacts = new Map<string, Contact>();
  readonly world: World;
  readonly #phones: Phone[] = [];
  readonly #closing: AbortSignal;

  constructor(
    closing: AbortSignal,
    log: (line: string) => void,
    onUnhandled: (stanza: string) => void,
    { qr, preKeyStock = 'counted', blobs = 'inline' }: LinkingOptions = {},
  ) {
    this.#closing = closing;
    const directory = new Directory();
    const events = new EventEmitter<SandboxEvents>();
    const social = new Social(events);
    const delivery = new Delivery();
    this.world = {
      directory,
      interferences: new Interferences(),
      groups: new Groups({
        directory,
        changed: (group) => void events.emit('group', group),
        mayAdd: (person, by) => social.privacyOf(person).shows('groupadd', by),
      }),
      postOffice: new PostOffice(directory, { delivery, social }),
      registrations: new Registrations(closing, qr),
      media: new Media(),
      preKeyStock,
      blobs,
      delivery,
      social,
      restrictions: new Restrictions(directory, social),
      events,
      accounts: this.accounts,
      log,
      unhandled: (stanza) => onUnhandled(binaryNodeToString(stanza)),
    };
  }

  account(phone: string): Account {
    const known = this.accounts.get(phone);
    if (known) return known;
    const { directory, events } = this.world;
    const person = directory.add(phone, `Sandbox ${phone.slice(-4)}`);
    const screen = new Screen(this.#closing, this.world.media);
    const handset = this.#handset(person, screen, {
      ...IN_A_DRAWER,
      onShown: (row, chat) => account.ownPhone.shown(row, chat),
      onPeer: (content, sender, messageId) => account.ownPhone.answer(content, sender, messageId),
    });
    const onLinked = (deviceId: number) => void events.emit('linked', { phone, deviceId });
    const account = new Account(this.world, person, { phone: handset, screen }, onLinked);
    this.accounts.set(phone, account);
    events.emit('account', account);
    return account;
  }

  contact(phone: string, habits: ContactOptions = {}): Contact {
    const known = this.contacts.get(phone);
    known?.behave(habits);
    if (known) return known;
    const person = this.world.directory.add(phone, habits.name ?? `Contact ${phone.slice(-4)}`);
    const { events } = this.world;
    const screen = new Screen(this.#closing, this.world.media, ({ messageId }) =>
      events.emit('changed', { contact, messageId }),
    );
    const handling: Handling = {
      confirms: true,
      onShown: (row, chat) => {
        const { messageId, text, from } = row;
        events.emit('message', { contact, messageId, text, from });
        contact.notice(row, chat);
      },
      onReceipt: (messageId, { kind, deviceId }) => void events.emit('receipt', { contact, messageId, kind, deviceId }),
    };
    const handset = { phone: this.#handset(person, screen, handling), screen };
    const link = (id: number) => this.#linkedHandset(person, handset.phone, id);
    const contact = new Contact(this.world, person, handset, link, habits);
    this.contacts.set(phone, contact);
    events.emit('contact', contact);
    return contact;
  }

  /** Resolves when every phone has dealt with what it was handed. */
  async idle(): Promise<void> {
    await Promise.all(this.#phones.map((phone) => phone.idle()));
  }

  /** A device linked to a contact's phone: nobody looks at it, but it confirms what it receives. */
  #linkedHandset(person: Person, account: Phone, id: number): Handset {
    const { postOffice, groups, log } = this.world;
    const screen = new Screen(this.#closing, this.world.media);
    const options = { postOffice, groups, screen, log, ...IN_A_DRAWER, confirms: true };
    const phone = new Phone(person, options, id, account);
    this.#phones.push(phone);
    return { phone, screen };
  }

  #handset(person: Person, screen: Screen, handling: Handling): Phone {
    const { postOffice, groups, log } = this.world;
    const phone = new Phone(person, { postOffice, groups, screen, log, ...handling });
    this.#phones.push(phone);
    return phone;
  }
}
