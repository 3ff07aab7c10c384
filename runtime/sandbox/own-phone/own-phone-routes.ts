/** An account's own phone over the control server: writing, reading, its chats' settings, its past, its absence. */
import type { Account } from '../account.ts';
import { accountOf, ControlError, flag, optional, refusing, required } from '../control-route.ts';
import type { Controlled, Field, Given, Route } from '../control-route.ts';
import type { Group } from '../groups/groups.ts';
import type { Somebody } from '../social/social.ts';
import type { PastChat, PastMessage } from './own-phone.ts';

const number: Field = { type: 'number', required: false };

/** A group by its JID, or a contact or account by its phone number. Answers 404 when there is none. */
function chatOf({ groups, contacts, accounts }: Controlled, named: unknown): Somebody | Group {
  const name = String(named);
  const chat = groups.get(name) ?? contacts.get(name) ?? accounts.get(name);
  if (!chat) throw new ControlError(404, `there is no chat ${name}: name a contact's number or a group's JID`);
  return chat;
}

function personOf(sandbox: Controlled, phone: unknown): Somebody {
  const person = sandbox.contacts.get(String(phone)) ?? sandbox.accounts.get(String(phone));
  if (!person) throw new ControlError(404, `nobody has ${String(phone)}`);
  return person;
}

/** Runs an action of the account a path names, and answers with what it gives, or with nothing. */
const doing =
  (action: (account: Account, sandbox: Controlled, given: Given) => unknown): Route['handle'] =>
  async (sandbox, phone, given) => {
    const account = accountOf(sandbox, phone);
    const result = await refusing(() => action(account, sandbox, given));
    return typeof result === 'object' && result !== null ? result : {};
  };

type ChatChange = (account: Account, chat: Somebody | Group, until: unknown) => void;

const CHAT_CHANGES: Readonly<Record<string, ChatChange>> = {
  archive: ({ settings }, chat) => settings.archive(chat),
  unarchive: ({ settings }, chat) => settings.archive(chat, false),
  pin: ({ settings }, chat) => settings.pin(chat),
  unpin: ({ settings }, chat) => settings.pin(chat, false),
  mute: ({ settings }, chat, until) => settings.mute(chat, until === undefined ? 'forever' : dateOf(until)),
  unmute: ({ settings }, chat) => settings.mute(chat, null),
  'mark-unread': ({ settings }, chat) => settings.markUnread(chat),
  'mark-read': ({ settings }, chat) => settings.markUnread(chat, false),
  delete: ({ settings }, chat) => settings.deleteChat(chat),
};

function changeChat(account: Account, sandbox: Controlled, { chat, action, until }: Given) {
  const change = CHAT_CHANGES[String(action)];
  if (!change) throw new Error(`action must be one of ${Object.keys(CHAT_CHANGES).join(', ')}`);
  const found = chatOf(sandbox, chat);
  change(account, found, until);
  return account.settings.chat(found);
}

function dateOf(text: unknown): Date {
  const date = new Date(String(text));
  if (Number.isNaN(date.getTime())) throw new Error(`${JSON.stringify(text)} is not a time; give one as in ISO 8601`);
  return date;
}

/** A message of a past chat as JSON gives it. Throws for a field there is not. */
function pastMessage(sandbox: Controlled, given: unknown): PastMessage {
  const { text, from, at, id, ...rest } = { ...(given as Given) };
  const [unknown] = Object.keys(rest);
  if (unknown) throw new Error(`unknown field ${JSON.stringify(unknown)} in a message`);
  if (typeof text !== 'string') throw new Error('text must be a string');
  return {
    text,
    at: dateOf(at),
    ...(from !== undefined && { from: personOf(sandbox, from) }),
    ...(id !== undefined && { id: String(id) }),
  };
}

/** One chat of a past, and its messages. */
function pastChat(sandbox: Controlled, { chat, messages, name, unread }: Given): PastChat {
  if (!Array.isArray(messages)) throw new Error('messages must be a list');
  return {
    chat: chatOf(sandbox, chat),
    messages: messages.map((each) => pastMessage(sandbox, each)),
    ...(name !== undefined && { name: String(name) }),
    ...(unread !== undefined && { unread: Number(unread) }),
  };
}

const labelled = ({ labeled }: Given): boolean => labeled !== false;

export const ownPhoneRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/accounts/:phone/say',
    about: 'The owner writes a text on the phone itself.',
    fields: { to: required, text: required, id: optional },
    handle: doing((account, sandbox, { to, text, id }) =>
      account.say(chatOf(sandbox, to), String(text), id === undefined ? {} : { id: String(id) }),
    ),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/read',
    about: 'The owner reads a message on the phone.',
    fields: { messageId: required },
    handle: doing((account, _sandbox, { messageId }) => account.read(String(messageId))),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/chat',
    about: 'The owner archives, pins, mutes, marks or deletes a chat.',
    fields: { chat: required, action: required, until: optional },
    handle: doing(changeChat),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/star',
    about: 'The owner stars a message, or takes the star back.',
    fields: { chat: required, messageId: required, fromMe: flag, starred: flag },
    handle: doing((account, sandbox, { chat, messageId, fromMe, starred }) =>
      account.settings.star(
        { chat: chatOf(sandbox, chat), messageId: String(messageId), fromMe: fromMe === true },
        starred !== false,
      ),
    ),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/label',
    about: 'The owner makes, changes or deletes a label.',
    fields: { id: required, name: required, color: number, deleted: flag },
    handle: doing(({ settings }, _sandbox, { id, name, color, deleted }) =>
      settings.editLabel({
        id: String(id),
        name: String(name),
        ...(color !== undefined && { color: Number(color) }),
        deleted: deleted === true,
      }),
    ),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/label-chat',
    about: 'The owner puts a label on a chat or on a message of it, or takes it off.',
    fields: { chat: required, labelId: required, labeled: flag, messageId: optional },
    handle: doing(({ settings }, sandbox, given) => {
      const [chat, labelId] = [chatOf(sandbox, given['chat']), String(given['labelId'])];
      const { messageId } = given;
      if (messageId === undefined) settings.labelChat(chat, labelId, labelled(given));
      else settings.labelMessage({ chat, messageId: String(messageId) }, labelId, labelled(given));
    }),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/contact-name',
    about: 'The owner names a contact in the address book.',
    fields: { contact: required, name: optional },
    handle: doing(({ settings }, sandbox, { contact, name }) =>
      settings.nameContact(personOf(sandbox, contact), name === undefined ? null : String(name)),
    ),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/name',
    about: 'The owner changes the name others see.',
    fields: { name: required },
    handle: doing(({ settings }, _sandbox, { name }) => settings.rename(String(name))),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/history',
    about: 'Gives the account a past chat, which a client that links later is told of.',
    fields: { chat: required, messages: { type: 'objects', required: true }, name: optional, unread: number },
    handle: (sandbox, phone, given) =>
      refusing(() => {
        const past = pastChat(sandbox, given);
        sandbox.account(phone).history([past]);
        return {};
      }),
  },
  {
    method: 'POST',
    path: '/accounts/:phone/phone',
    about: 'The phone goes offline, so many days ago, or comes back.',
    fields: { online: { type: 'boolean', required: true }, days: number },
    handle: doing((account, _sandbox, { online, days }) => {
      if (online === true) account.phoneBack();
      else account.phoneOffline({ days: Number(days ?? 0) });
    }),
  },
];
