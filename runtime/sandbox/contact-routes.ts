/** Over the control server: a contact's devices, its phone installed anew, and whether others are told its number. */
import { ControlError, flag, refusing } from './control-route.ts';
import type { Controlled, Field, Given, Route } from './control-route.ts';
import type { Contact } from './contact.ts';

const device: Field = { type: 'number', required: true };

/** Does something to the contact a path names, and answers with its linked devices. */
const to =
  (action: (contact: Contact, given: Given) => unknown): Route['handle'] =>
  ({ contacts }: Controlled, phone, given) => {
    const contact = contacts.get(phone);
    if (!contact) throw new ControlError(404, `nobody has ${phone}; make a contact with POST /contacts`);
    return refusing(async () => {
      await action(contact, given);
      return { devices: contact.devices.all.map(({ id, screen }) => ({ id, messages: screen.length })) };
    });
  };

export const contactRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/contacts\/(\d+)\/devices$/, fields: {}, handle: to(() => undefined) },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/link-device$/,
    fields: {},
    handle: to((contact) => contact.devices.link()),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/unlink-device$/,
    fields: { device },
    handle: to((contact, given) => contact.devices.unlink(Number(given['device']))),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/reinstall$/,
    fields: { quietly: flag },
    handle: to((contact, { quietly }) => contact.devices.reinstall({ quietly: quietly === true })),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/hide-number$/,
    fields: {},
    handle: to((contact) => contact.behave({ hidesNumber: true })),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/reveal-number$/,
    fields: { tell: flag },
    handle: to((contact, { tell }) => contact.revealNumber({ tell: tell === true })),
  },
];
