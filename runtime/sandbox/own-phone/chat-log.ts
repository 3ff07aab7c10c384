/** What an account's phone remembers of its chats: every message it sent or got, and those it is said to have had. */
import { proto } from '@whiskeysockets/baileys';
import { Group } from '../groups/groups.ts';
import type { Person } from '../directory.ts';

/** A chat as the phone keeps it: with a person, or of a group. */
export type ChatPartner = Person | Group;

export interface LoggedMessage {
  readonly id: string;
  /** Who wrote it. */
  readonly author: Person;
  readonly content: proto.IMessage;
  readonly at: Date;
}

export interface LoggedChat {
  readonly partner: ChatPartner;
  readonly name: string | undefined;
  readonly unread: number;
  readonly pastMembers: readonly Person[];
  /** Oldest first. */
  readonly messages: readonly LoggedMessage[];
}

type ChatFacts = Partial<Pick<LoggedChat, 'name' | 'unread' | 'pastMembers'>>;

export class ChatLog {
  readonly #chats = new Map<ChatPartner, LoggedChat>();

  get chats(): readonly LoggedChat[] {
    return [...this.#chats.values()];
  }

  chatWith(partner: ChatPartner): LoggedChat | undefined {
    return this.#chats.get(partner);
  }

  /** Adds a message in its place in time; one that is known already is left as it is. */
  note(partner: ChatPartner, message: LoggedMessage): void {
    const chat = this.#chat(partner);
    if (chat.messages.some(({ id }) => id === message.id)) return;
    const later = chat.messages.findIndex(({ at }) => at > message.at);
    const messages = chat.messages.toSpliced(later < 0 ? chat.messages.length : later, 0, message);
    this.#chats.set(partner, { ...chat, messages });
  }

  describe(partner: ChatPartner, facts: ChatFacts): void {
    this.#chats.set(partner, { ...this.#chat(partner), ...facts });
  }

  /** A message by its id, with the chat it is in. */
  find(messageId: string): { chat: LoggedChat; message: LoggedMessage } | undefined {
    for (const chat of this.#chats.values()) {
      const message = chat.messages.find(({ id }) => id === messageId);
      if (message) return { chat, message };
    }
    return undefined;
  }

  #chat(partner: ChatPartner): LoggedChat {
    return this.#chats.get(partner) ?? { partner, name: undefined, unread: 0, pastMembers: [], messages: [] };
  }
}

/** A chat's JID as phones file it now: people by hidden id. */
export const jidOf = (partner: ChatPartner): string => (partner instanceof Group ? partner.jid : partner.lid);

/** A message in the form in which histories and resent placeholders carry it. */
export function webMessage(owner: Person, { partner }: LoggedChat, message: LoggedMessage): proto.IWebMessageInfo {
  const fromMe = message.author === owner;
  const inGroup = partner instanceof Group;
  const participant = inGroup ? message.author.addressOn(0, partner.addressing) : undefined;
  return {
    key: { remoteJid: jidOf(partner), fromMe, id: message.id, ...(participant && !fromMe && { participant }) },
    ...(participant && { participant }),
    message: message.content,
    messageTimestamp: Math.floor(message.at.getTime() / 1000),
    status: fromMe ? proto.WebMessageInfo.Status.DELIVERY_ACK : proto.WebMessageInfo.Status.SERVER_ACK,
    ...(!fromMe && { pushName: message.author.name }),
  };
}
