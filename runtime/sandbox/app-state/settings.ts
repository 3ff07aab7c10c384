/** What an owner changes on the phone that shows on every linked device: chats, labels, names. */
import type { Addressing } from '../directory.ts';
import type { SharedState } from './shared-state.ts';

/** A chat on the phone: with a person, who has a hidden id, or of a group. */
export interface ChatOf {
  readonly jid: string;
  readonly lid?: string;
}

type Individual = Required<ChatOf>;

/** A message in a chat, as stars and labels name it. */
export interface MessageIn {
  readonly chat: ChatOf;
  readonly messageId: string;
  readonly fromMe?: boolean;
}

export interface Label {
  readonly id: string;
  readonly name: string;
  /** The place of its colour in WhatsApp's palette. */
  readonly color?: number;
  readonly deleted?: boolean;
}

/** What a phone shows of a chat. */
export interface ChatView {
  readonly archived: boolean;
  readonly pinned: boolean;
  /** Until when it is muted; null when it is not. */
  readonly mutedUntil: Date | null;
  readonly markedUnread: boolean;
  readonly labels: readonly string[];
}

/** A mute without end. */
const FOREVER = -1;

export class Settings {
  readonly #state: SharedState;
  readonly #addressing: Addressing;

  /** Chats with people are addressed by hidden id, as phones do now, unless by number is asked for. */
  constructor(state: SharedState, addressing: Addressing = 'lid') {
    this.#state = state;
    this.#addressing = addressing;
  }

  /** The same settings with people's chats addressed by phone number. */
  get byNumber(): Settings {
    return new Settings(this.#state, 'pn');
  }

  chat(chat: ChatOf): ChatView {
    const jid = this.#jid(chat);
    const { muted, muteEndTimestamp } = this.#state.find('mute', jid)?.muteAction ?? {};
    return {
      archived: this.#state.find('archive', jid)?.archiveChatAction?.archived === true,
      pinned: this.#state.find('pin_v1', jid)?.pinAction?.pinned === true,
      mutedUntil: muted ? new Date(Number(muteEndTimestamp)) : null,
      markedUnread: this.#state.find('markChatAsRead', jid)?.markChatAsReadAction?.read === false,
      labels: this.#state
        .all('label_jid')
        .filter(({ index, value }) => index[2] === jid && value.labelAssociationAction?.labeled)
        .map(({ index }) => index[1] ?? ''),
    };
  }

  isStarred({ chat, messageId, fromMe = false }: MessageIn): boolean {
    return this.#state.find('star', this.#jid(chat), messageId, fromMe ? '1' : '0', '0')?.starAction?.starred === true;
  }

  /** The account's own name, when it was ever changed. */
  get pushName(): string | undefined {
    return this.#state.find('setting_pushName')?.pushNameSetting?.name ?? undefined;
  }

  archive(chat: ChatOf, archived = true): void {
    const archiveChatAction = { archived, messageRange: upToNow() };
    this.#state.set('regular_low', ['archive', this.#jid(chat)], { archiveChatAction }, 3);
  }

  pin(chat: ChatOf, pinned = true): void {
    this.#state.set('regular_low', ['pin_v1', this.#jid(chat)], { pinAction: { pinned } }, 5);
  }

  /** Mutes until a time, without end, or no longer. */
  mute(chat: ChatOf, until: Date | 'forever' | null): void {
    const end = until === 'forever' ? FOREVER : until?.getTime();
    const muteAction = { muted: until !== null, ...(end !== undefined && { muteEndTimestamp: end }) };
    this.#state.set('regular_high', ['mute', this.#jid(chat)], { muteAction }, 2);
  }

  markUnread(chat: ChatOf, unread = true): void {
    const markChatAsReadAction = { read: !unread, messageRange: upToNow() };
    this.#state.set('regular_low', ['markChatAsRead', this.#jid(chat)], { markChatAsReadAction }, 3);
  }

  star({ chat, messageId, fromMe = false }: MessageIn, starred = true): void {
    const index = ['star', this.#jid(chat), messageId, fromMe ? '1' : '0', '0'];
    this.#state.set('regular_high', index, { starAction: { starred } }, 2);
  }

  deleteChat(chat: ChatOf): void {
    const deleteChatAction = { messageRange: upToNow() };
    this.#state.set('regular_high', ['deleteChat', this.#jid(chat), '1'], { deleteChatAction }, 6);
  }

  /** Deletes a message from the account's devices; who sent or got it keeps it. */
  deleteForMe({ chat, messageId, fromMe = false }: MessageIn): void {
    const index = ['deleteMessageForMe', this.#jid(chat), messageId, fromMe ? '1' : '0', '0'];
    const deleteMessageForMeAction = { deleteMedia: true, messageTimestamp: seconds() };
    this.#state.set('regular_high', index, { deleteMessageForMeAction }, 3);
  }

  /** Makes a label, changes it, or deletes it. */
  editLabel({ id, name, color = 0, deleted = false }: Label): void {
    this.#state.set('regular', ['label_edit', id], { labelEditAction: { name, color, deleted } }, 3);
  }

  labelChat(chat: ChatOf, labelId: string, labeled = true): void {
    const index = ['label_jid', labelId, this.#jid(chat)];
    this.#state.set('regular', index, { labelAssociationAction: { labeled } }, 3);
  }

  labelMessage({ chat, messageId }: MessageIn, labelId: string, labeled = true): void {
    const index = ['label_message', labelId, this.#jid(chat), messageId, '0', '0'];
    this.#state.set('regular', index, { labelAssociationAction: { labeled } }, 3);
  }

  /** Enters somebody in the phone's address book under a name; null takes the entry out. */
  nameContact(contact: Individual, fullName: string | null): void {
    const index = ['contact', contact.jid];
    if (fullName === null) return this.#state.remove('critical_unblock_low', index);
    const [firstName = fullName] = fullName.split(' ');
    const contactAction = { fullName, firstName, lidJid: contact.lid, saveOnPrimaryAddressbook: true };
    this.#state.set('critical_unblock_low', index, { contactAction }, 2);
  }

  /** The name the address book has for somebody. */
  nameOf(contact: Individual): string | undefined {
    return this.#state.find('contact', contact.jid)?.contactAction?.fullName ?? undefined;
  }

  /** Changes the account's own name, which others see beside its messages. */
  rename(name: string): void {
    if (name.trim() === '') throw new Error('a name has at least one character');
    this.#state.set('critical_block', ['setting_pushName'], { pushNameSetting: { name } }, 1);
  }

  #jid(chat: ChatOf): string {
    return this.#addressing === 'lid' ? (chat.lid ?? chat.jid) : chat.jid;
  }
}

const seconds = (): number => Math.floor(Date.now() / 1000);

const upToNow = () => ({ lastMessageTimestamp: seconds() });
