/** Over the control server: contacts are made; their devices, its phone installed anew, and whether others are told its number. */
import { contactOf, flag, optional, refusing, required } from './control-route.ts';
import type { Field, Given, Route } from './control-route.ts';
import type { Contact } from './contact.ts';

const device: Field = { type: 'number', required: true };

/** Does something to the contact a path names, and answers with its linked devices. */
const to =
  (action: (contact: Contact, given: Given) => unknown): Route['handle'] =>
  (sandbox, phone, given) => {
    const contact = contactOf(sandbox, phone);
    return refusing(async () => {
      await action(contact, given);
      return { devices: contact.devices.all.map(({ id, screen }) => ({ id, messages: screen.length })) };
    });
  };

export const contactRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/contacts',
    about: 'Makes a contact, or changes the habits of one: reading at once, echoing every text.',
    fields: { phone: required, name: optional, readsAtOnce: flag, echo: flag },
    handle: (sandbox, _phone, { phone, name, readsAtOnce, echo }) =>
      refusing(() => {
        const contact = sandbox.contact(String(phone), {
          ...(name !== undefined && { name: String(name) }),
          ...(readsAtOnce !== undefined && { readsAtOnce: readsAtOnce === true }),
          ...(echo !== undefined && { repliesWith: (text: string) => (echo === true ? text : null) }),
        });
        const { jid, lid } = contact;
        return { phone: contact.phone, jid, lid, name: contact.name };
      }),
  },
  {
    method: 'GET',
    path: '/contacts/:phone/devices',
    about: 'The devices of a contact.',
    fields: {},
    handle: to(() => undefined),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/link-device',
    about: "Links one more device to a contact's phone.",
    fields: {},
    handle: to((contact) => contact.devices.link()),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/unlink-device',
    about: 'Removes a linked device of a contact.',
    fields: { device },
    handle: to((contact, given) => contact.devices.unlink(Number(given['device']))),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/reinstall',
    about: "Installs WhatsApp anew on a contact's phone, which changes its identity key.",
    fields: { quietly: flag },
    handle: to((contact, { quietly }) => contact.devices.reinstall({ quietly: quietly === true })),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/hide-number',
    about: 'From now on others know the contact by its hidden id alone.',
    fields: {},
    handle: to((contact) => contact.behave({ hidesNumber: true })),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/reveal-number',
    about: "The contact's number is named again; with tell, clients are told at once.",
    fields: { tell: flag },
    handle: to((contact, { tell }) => contact.revealNumber({ tell: tell === true })),
  },
];
