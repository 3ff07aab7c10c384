/** Where the tests of every kind of message happen: with one person, and in groups of both addressings. */
import type { Account, Contact, Group } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, type Flow } from './flow.ts';
import type { Received, Receiver } from './receiver.ts';

export const PLACES = [
  'a person',
  'a group that names its members by LID',
  'a group that names them by number',
] as const;
export type Place = (typeof PLACES)[number];

const ADDRESSINGS = { [PLACES[0]]: null, [PLACES[1]]: 'lid', [PLACES[2]]: 'pn' } as const;
const DEADLINE_MS = 20_000;

/** A chat in which somebody has written already, so that what is sent there is an answer. */
export interface Meeting {
  /** What the runtime is told to write to. */
  to: string;
  /** What contacts write to. */
  chat: Account | Group;
  /** Who writes to the account. */
  ann: Contact;
  /** Everybody who reads what the account writes. */
  readers: Contact[];
  /** As the chat names somebody on the wire. */
  named(who: Account | Contact): string;
  /** What an event of this chat says of chat and author. */
  shown: { chat: object; from: object };
}

let nextPhone = 15_550_103_000;

export class Stage {
  readonly flow: Flow;
  readonly #receiver: Receiver;
  readonly account: Account;

  constructor(flow: Flow, receiver: Receiver) {
    this.flow = flow;
    this.#receiver = receiver;
    this.account = flow.sandbox.account(PHONE);
  }

  /** A new chat: to one recipient no more than three messages go in a row. */
  async meet(place: Place): Promise<Meeting> {
    const { sandbox } = this.flow;
    const [ann, ben] = ['Ann', 'Ben'].map((name) => sandbox.contact(String(nextPhone++), { name })) as [
      Contact,
      Contact,
    ];
    const addressing = ADDRESSINGS[place];
    const group = addressing && sandbox.group({ subject: 'Neighbours', members: [ann, ben, this.account], addressing });
    const chat = group ?? this.account;
    const named = ({ jid, lid }: Account | Contact) => (addressing === 'pn' ? jid : lid);
    const { data } = await this.heard(await ann.say(chat, 'hello'));
    const { contactId } = data.from;
    const from = { contactId, phone: `+${ann.phone}`, lid: ann.lid, jid: named(ann), pushName: 'Ann' };
    return {
      ...{ to: group?.jid ?? ann.phone, chat, ann, readers: group ? [ann, ben] : [ann], named },
      shown: {
        chat: group ? { jid: group.jid, isGroup: true, contactId: null } : { jid: ann.lid, isGroup: false, contactId },
        from,
      },
    };
  }

  /** The event that tells of a message of somebody else. */
  heard({ messageId }: { messageId: string }, event = 'message'): Promise<Received> {
    return this.#receiver.next((each) => each.event === event && each.data.messageId === messageId, DEADLINE_MS);
  }

  /** The first event that matches. */
  told(match: (event: Received) => boolean): Promise<Received> {
    return this.#receiver.next(match, DEADLINE_MS);
  }
}
