/** What can be asked of the control server, one row a route. */
import type { Account } from './account.ts';
import type { Contact } from './contact.ts';
import { contactRoutes } from './contact-routes.ts';
import { Reply } from './control-route.ts';
import type { Route } from './control-route.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { FEED_EVENTS } from './event-feed.ts';
import { faultRoutes } from './faults/fault-routes.ts';
import { CONTENT_KINDS } from './given-content.ts';
import { groupRoutes } from './groups/groups.ts';
import { linkingRoutes } from './linking/linking.ts';
import { networkRoutes } from './network-routes.ts';
import { ownPhoneRoutes } from './own-phone/own-phone.ts';
import { screenRoutes } from './screen-routes.ts';
import { sendRoutes } from './send-routes.ts';
import { socialRoutes } from './social/social-routes.ts';

const identityOf = ({ phone, jid, lid }: Account | Contact) => ({ phone, jid, lid });

const summaryOf = ({ method, path, about, fields }: Route) => ({ method, path, about, fields });

function processUse(): { rssBytes: number; heapBytes: number; cpuMs: number } {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed + external, cpuMs: (user + system) / 1000 };
}

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/routes',
    about: 'Every route with the fields it takes, every kind of content that can be sent, and every event.',
    fields: {},
    handle: () => ({ routes: routes.map(summaryOf), contents: CONTENT_KINDS, events: FEED_EVENTS }),
  },
  {
    method: 'GET',
    path: '/events',
    about: 'All that happens from now on, as server-sent events.',
    fields: {},
    handle: ({ feed }) => new Reply((response) => feed.open(response)),
  },
  {
    method: 'GET',
    path: '/state',
    about: 'The accounts and contacts there are, and what a client said that the sandbox does not know.',
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
    path: '/process',
    about: 'Memory and processor time the sandbox has used.',
    fields: {},
    handle: () => processUse(),
  },
  {
    method: 'POST',
    path: '/process/collect',
    about: 'The same after its garbage was collected, for which Node must have been started with --expose-gc.',
    fields: {},
    handle: () => {
      if (!globalThis.gc) throw new Error('start Node with --expose-gc to collect garbage on request');
      globalThis.gc();
      return processUse();
    },
  },
  {
    method: 'GET',
    path: '/unhandled',
    about: 'Every stanza of a client that the sandbox does not know, as text.',
    fields: {},
    handle: ({ unhandled }) => ({ unhandled }),
  },
  ...linkingRoutes,
  ...ownPhoneRoutes,
  ...contactRoutes,
  ...sendRoutes,
  ...screenRoutes,
  ...groupRoutes,
  ...socialRoutes,
  ...deliveryRoutes,
  ...faultRoutes,
  ...networkRoutes,
];
