/** What can be asked of the control server, one row a route. */
import type { Account } from './account.ts';
import type { Contact } from './contact.ts';
import { contactRoutes } from './contact-routes.ts';
import { accountOf, ControlError, flag, optional, refusing, required } from './control-route.ts';
import type { Controlled, Route } from './control-route.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { faultRoutes } from './faults/fault-routes.ts';
import { groupOf, groupRoutes } from './groups/groups.ts';
import { linkingRoutes } from './linking/linking.ts';
import { ownPhoneRoutes } from './own-phone/own-phone.ts';
import type { ScreenMessage } from './screen.ts';
import { socialRoutes } from './social/social-routes.ts';

const DEFAULT_WAIT_SECONDS = 20;
const MAX_WAIT_SECONDS = 120;

function contactOf({ contacts }: Controlled, phone: string): Contact {
  const contact = contacts.get(phone);
  if (!contact) throw new ControlError(404, `nobody has ${phone}; make a contact with POST /contacts`);
  return contact;
}

/** A row without the decrypted protobuf, whose bytes JSON cannot carry. */
const rowOf = ({ messageId, text, from, group, receivedAt, arrivals }: ScreenMessage) => ({
  messageId,
  text,
  from,
  group,
  receivedAt,
  arrivals,
});

const identityOf = ({ phone, jid, lid }: Account | Contact) => ({ phone, jid, lid });

function secondsOf(timeout: unknown): number {
  const seconds = timeout === undefined ? DEFAULT_WAIT_SECONDS : Number(timeout);
  if (!(seconds >= 0 && seconds <= MAX_WAIT_SECONDS)) {
    throw new ControlError(400, `timeout must be 0 to ${MAX_WAIT_SECONDS} seconds`);
  }
  return seconds;
}

async function waitForText(contact: Contact, text: string, seconds: number): Promise<object> {
  try {
    return rowOf(await contact.waitForMessage((row) => row.text.includes(text), seconds * 1000));
  } catch (error) {
    throw new ControlError(408, error instanceof Error ? error.message : String(error));
  }
}

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/state$/,
    fields: {},
    handle: ({ accounts, contacts, unhandled }) => ({
      accounts: [...accounts.values()].map((account) => ({
        ...identityOf(account),
        online: account.isOnline(),
        linkedDevices: account.linkedDevices(),
      })),
      contacts: [...contacts.values()].map((contact) => ({
        ...identityOf(contact),
        name: contact.name,
        messages: contact.screen.length,
      })),
      unhandled,
    }),
  },
  {
    method: 'GET',
    path: /^\/process$/,
    fields: {},
    handle: () => {
      const { user, system } = process.cpuUsage();
      return { rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 };
    },
  },
  { method: 'GET', path: /^\/unhandled$/, fields: {}, handle: ({ unhandled }) => ({ unhandled }) },
  ...linkingRoutes,
  ...ownPhoneRoutes,
  {
    method: 'POST',
    path: /^\/contacts$/,
    fields: { phone: required, name: optional, readsAtOnce: flag, echo: flag },
    handle: (sandbox, _phone, { phone, name, readsAtOnce, echo }) =>
      refusing(() => {
        const contact = sandbox.contact(String(phone), {
          ...(name !== undefined && { name: String(name) }),
          ...(readsAtOnce !== undefined && { readsAtOnce: readsAtOnce === true }),
          ...(echo !== undefined && { repliesWith: (text: string) => (echo === true ? text : null) }),
        });
        return { ...identityOf(contact), name: contact.name };
      }),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/say$/,
    fields: { to: required, text: required },
    handle: (sandbox, phone, { to, text }) => {
      const contact = contactOf(sandbox, phone);
      const chat = String(to).endsWith('@g.us') ? groupOf(sandbox, String(to)) : accountOf(sandbox, String(to));
      return refusing(() => contact.say(chat, String(text)));
    },
  },
  {
    method: 'GET',
    path: /^\/contacts\/(\d+)\/screen$/,
    fields: {},
    handle: (sandbox, phone) => ({ screen: contactOf(sandbox, phone).screen.map(rowOf) }),
  },
  {
    method: 'GET',
    path: /^\/contacts\/(\d+)\/wait$/,
    fields: { text: required, timeout: optional },
    handle: (sandbox, phone, { text, timeout }) =>
      waitForText(contactOf(sandbox, phone), String(text), secondsOf(timeout)),
  },
  {
    method: 'POST',
    path: /^\/contacts\/(\d+)\/read$/,
    fields: { messageId: required },
    handle: async (sandbox, phone, { messageId }) => {
      const contact = contactOf(sandbox, phone);
      await refusing(() => contact.read(String(messageId)));
      return {};
    },
  },
  ...groupRoutes,
  ...contactRoutes,
  ...socialRoutes,
  ...deliveryRoutes,
  ...faultRoutes,
];
