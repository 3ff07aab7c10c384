/** Over the control server: all that a contact writes, and what it does to messages. */
import { accountOf, contactOf, ControlError, flag, number, optional, refusing, required } from './control-route.ts';
import type { Controlled, Field, Given, Route } from './control-route.ts';
import type { Contact, SayOptions } from './contact.ts';
import type { Addressing } from './directory.ts';
import { CONTENT_KINDS, contentOf } from './given-content.ts';
import type { AddressOf } from './given-content.ts';
import { Group, groupOf } from './groups/groups.ts';
import type { Account } from './sandbox.ts';

/** A file in Base64 and what is around it: room for files of some 17 MB. */
const MAX_SEND_BYTES = 24 * 1024 * 1024;

/** What any message can say beside its content. */
const BESIDE = {
  ...{ quoted: optional, forwarded: flag, disappearsAfter: number, phoneOnly: flag },
  ...{ addressing: optional, device: number, id: optional },
};
/** The longest there is: 90 days. */
const MAX_SECONDS = 7_776_000;
const strings: Field = { type: 'strings', required: true };

/** A group by its JID, or an account by its number. Answers 404 when there is none. */
const chatOf = (sandbox: Controlled, to: unknown): Account | Group =>
  String(to).endsWith('@g.us') ? groupOf(sandbox, String(to)) : accountOf(sandbox, String(to));

function addressingIn({ addressing }: Given): Addressing | undefined {
  if (addressing === undefined || addressing === 'lid' || addressing === 'pn') return addressing;
  throw new ControlError(400, 'addressing must be lid or pn');
}

/** A message id that a test chooses. Throws a 400 for what no client would take for one. */
function idIn({ id }: Given): { id?: string } {
  if (id === undefined) return {};
  if (!/^[\w-]{1,64}$/.test(String(id))) throw new ControlError(400, 'id must be 1 to 64 letters, digits, - and _');
  return { id: String(id) };
}

function secondsIn({ disappearsAfter: seconds }: Given): { disappearsAfter?: number } {
  if (seconds === undefined) return {};
  const isWhole = Number.isInteger(seconds) && Number(seconds) >= 0 && Number(seconds) <= MAX_SECONDS;
  if (!isWhole) throw new ControlError(400, `disappearsAfter must be whole seconds, 0 to ${MAX_SECONDS}`);
  return { disappearsAfter: Number(seconds) };
}

function optionsOf(given: Given): SayOptions {
  const { quoted, forwarded, phoneOnly, device } = given;
  const addressing = addressingIn(given);
  return {
    ...(quoted !== undefined && { quoted: String(quoted) }),
    ...(forwarded !== undefined && { forwarded: forwarded === true }),
    ...(phoneOnly === true && { phoneOnly }),
    ...secondsIn(given),
    ...idIn(given),
    ...(addressing && { addressing }),
    ...(device !== undefined && { from: Number(device) }),
  };
}

/** How people are addressed in a chat, by their phone numbers. */
const addressesIn =
  (sandbox: Controlled, chat: Account | Contact | Group, addressing: Addressing = 'lid'): AddressOf =>
  (phone) => {
    const person = sandbox.contacts.get(phone) ?? sandbox.accounts.get(phone);
    if (!person) throw new ControlError(404, `nobody has ${phone}`);
    return (chat instanceof Group ? chat.addressing : addressing) === 'lid' ? person.lid : person.jid;
  };

function send(sandbox: Controlled, phone: string, given: Given): Promise<object> {
  const contact = contactOf(sandbox, phone);
  const chat = chatOf(sandbox, given['to']);
  const options = optionsOf(given);
  return refusing(async () => {
    const content = contentOf(given['content'] as Given, addressesIn(sandbox, chat, options.addressing));
    return 'file' in content
      ? contact.sendFile(chat, content.file, options)
      : contact.send(chat, content.message, options);
  });
}

/** The owner sends any content there is, from the phone itself. */
function sendAsOwner(sandbox: Controlled, phone: string, given: Given): Promise<object> {
  const { to, content } = given;
  const account = accountOf(sandbox, phone);
  const chat = sandbox.groups.get(String(to)) ?? sandbox.accounts.get(String(to)) ?? contactOf(sandbox, String(to));
  const options = idIn(given);
  return refusing(async () => {
    const made = contentOf(content as Given, addressesIn(sandbox, chat));
    return 'file' in made ? account.sendFile(chat, made.file, options) : account.send(chat, made.message, options);
  });
}

/** Does something to a message on a contact's screen, and answers with the id of the message that does it. */
const act =
  (action: (contact: Contact, messageId: string, given: Given) => Promise<object>): Route['handle'] =>
  (sandbox, phone, given) => {
    const contact = contactOf(sandbox, phone);
    return refusing(() => action(contact, String(given['messageId']), given));
  };

export const sendRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/contacts/:phone/say',
    about: 'A contact writes a text to an account, or to a group by its JID.',
    fields: { to: required, text: required, ...BESIDE },
    handle: (sandbox, phone, given) => {
      const contact = contactOf(sandbox, phone);
      const chat = chatOf(sandbox, given['to']);
      return refusing(() => contact.say(chat, String(given['text']), optionsOf(given)));
    },
  },
  {
    method: 'POST',
    path: '/contacts/:phone/send',
    about: `A contact sends a content of one of the kinds ${Object.keys(CONTENT_KINDS).join(', ')}; files in Base64.`,
    fields: { to: required, content: { type: 'object', required: true }, ...BESIDE },
    maxBytes: MAX_SEND_BYTES,
    handle: send,
  },
  {
    method: 'POST',
    path: '/accounts/:phone/send',
    about: 'The owner sends a content on the phone itself, as /contacts/:phone/send does for a contact.',
    fields: { to: required, content: { type: 'object', required: true }, id: optional },
    maxBytes: MAX_SEND_BYTES,
    handle: sendAsOwner,
  },
  {
    method: 'POST',
    path: '/contacts/:phone/react',
    about: 'A contact puts an emoji on a message on its screen; an empty one takes it back.',
    fields: { messageId: required, emoji: required },
    handle: act((contact, messageId, { emoji }) => contact.react(messageId, String(emoji))),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/edit',
    about: 'A contact changes the words of a message it sent.',
    fields: { messageId: required, text: required },
    handle: act((contact, messageId, { text }) => contact.edit(messageId, String(text))),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/delete',
    about: 'A contact deletes for everyone a message it sent or, as an admin, one in its group.',
    fields: { messageId: required },
    handle: act((contact, messageId) => contact.deleteForEveryone(messageId)),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/vote',
    about: 'A contact votes in a poll on its screen, in place of its vote before; no options take it back.',
    fields: { messageId: required, options: strings },
    handle: act((contact, messageId, { options }) => contact.vote(messageId, options as string[])),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/disappearing',
    about: 'A contact makes the messages of its chat with an account disappear after so many seconds; 0 for never.',
    fields: { to: required, seconds: { type: 'number', required: true } },
    handle: (sandbox, phone, { to, seconds }) => {
      const contact = contactOf(sandbox, phone);
      const account = accountOf(sandbox, String(to));
      return refusing(() => contact.setDisappearing(account, Number(seconds)));
    },
  },
];
