/** What a person does to a message on the screen: reacts, edits, deletes, votes; and quotes it. */
import type { proto } from '@whiskeysockets/baileys';
import { pollSecret } from './contents/changes.ts';
import { deletion, edit, quoting, reaction, text, vote } from './contents/contents.ts';
import type { Addressing, Person } from './directory.ts';
import { Group } from './groups/groups.ts';
import type { Entry, Screen } from './screen.ts';

export class ContactActs {
  readonly #person: Person;
  readonly #screen: Screen;

  constructor(person: Person, screen: Screen) {
    this.#person = person;
    this.#screen = screen;
  }

  /** A message on the screen, received or written. Throws when it is not there. */
  find(messageId: string): Entry {
    const entry = this.#screen.find(messageId);
    if (!entry) throw new Error(`message ${messageId} is not on the screen of ${this.#person.phone}`);
    return entry;
  }

  reaction(messageId: string, emoji: string, addressing: Addressing): proto.IMessage {
    return reaction(this.#keyOf(this.find(messageId), addressing), emoji);
  }

  /** Throws for somebody else's message. */
  edit(messageId: string, words: string, addressing: Addressing): proto.IMessage {
    const entry = this.find(messageId);
    if (entry.author !== this.#person) throw new Error(`message ${messageId} is somebody else's: it cannot be edited`);
    return edit(this.#keyOf(entry, addressing), text(words));
  }

  /** Throws for somebody else's message, unless it is in a group that the person is an admin of. */
  deletion(messageId: string, addressing: Addressing): proto.IMessage {
    const entry = this.find(messageId);
    const mayDelete = entry.chat instanceof Group && entry.chat.roster.isAdmin(this.#person);
    if (entry.author !== this.#person && !mayDelete) {
      throw new Error(`message ${messageId} is somebody else's: it cannot be deleted for everyone`);
    }
    return deletion(this.#keyOf(entry, addressing));
  }

  /** Throws for what is no poll, for options it does not have, and for more than may be chosen. */
  vote(messageId: string, options: readonly string[], addressing: Addressing): proto.IMessage {
    const entry = this.find(messageId);
    const { poll } = entry.row;
    const secret = pollSecret(entry.content);
    if (!poll || !secret) throw new Error(`message ${messageId} is no poll`);
    for (const option of options) {
      if (!poll.options.some(({ name }) => name === option)) throw new Error(`the poll has no option ${option}`);
    }
    if (!poll.multiple && options.length > 1) throw new Error('only one option of this poll may be chosen');
    const creator = entry.author.addressOn(0, addressing);
    const context = { secret, pollId: messageId, creator, voter: this.#person.addressOn(0, addressing) };
    return vote(this.#keyOf(entry, addressing), context, options);
  }

  quote(content: proto.IMessage, messageId: string, addressing: Addressing): proto.IMessage {
    const { author, content: quoted } = this.find(messageId);
    return quoting(content, quoted, messageId, author.addressOn(0, addressing));
  }

  /** How the person's phone names a message to others. */
  #keyOf({ messageId, author, chat }: Entry, addressing: Addressing): proto.IMessageKey {
    const fromMe = author === this.#person;
    if (!(chat instanceof Group)) return { remoteJid: chat.addressOn(0, addressing), fromMe, id: messageId };
    const participant = fromMe ? {} : { participant: author.addressOn(0, addressing) };
    return { remoteJid: chat.jid, fromMe, id: messageId, ...participant };
  }
}
