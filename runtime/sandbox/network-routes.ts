/** Over the control server: proxies and relays on the way to the sandbox. What goes wrong with them is among the faults. */
import { ControlError, optional, refusing, required } from './control-route.ts';
import type { Controlled, Route } from './control-route.ts';
import type { SandboxProxy, SandboxRelay } from './network.ts';

const shownProxy = ({ id, kind, url, port, open, refusedCredentials, destinations, faults }: SandboxProxy) => ({
  ...{ id, kind, url, port, open, refusedCredentials, faults },
  destinations: [...destinations].map(([destination, traffic]) => ({ destination, ...traffic })),
});
const shownRelay = ({ id, to, url, port, open }: SandboxRelay) => ({ id, to, url, port, open });

/** The proxy or relay a path names. Answers 404 when there is none. */
function found<Way>(ways: ReadonlyMap<string, Way>, id: string): Way {
  const way = ways.get(id);
  if (!way) throw new ControlError(404, `nothing ${id} is open; POST /proxies and POST /relays open some`);
  return way;
}

const withProxy =
  (action: (proxy: SandboxProxy) => unknown): Route['handle'] =>
  async ({ network }: Controlled, id) => {
    await action(found(network.proxies, id));
    return {};
  };

const withRelay =
  (action: (relay: SandboxRelay) => unknown): Route['handle'] =>
  async ({ network }: Controlled, id) => {
    await action(found(network.relays, id));
    return {};
  };

const relayRoute = (act: string, about: string, action: (relay: SandboxRelay) => unknown): Route => ({
  ...{ method: 'POST', path: `/relays/:relay/${act}`, about, fields: {} },
  handle: withRelay(action),
});

export const networkRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/proxies',
    about: 'The proxies that are open.',
    fields: {},
    handle: ({ network }) => ({ proxies: [...network.proxies.values()].map(shownProxy) }),
  },
  {
    method: 'POST',
    path: '/proxies',
    about: 'Opens a proxy of the kind socks5 or http, for whoever has the user and password if they are given.',
    fields: { kind: required, user: optional, password: optional },
    handle: ({ network }, _path, { kind, user, password }) => {
      if (kind !== 'socks5' && kind !== 'http') throw new ControlError(400, 'kind must be socks5 or http');
      const credentials = {
        ...(user !== undefined && { user: String(user) }),
        ...(password !== undefined && { password: String(password) }),
      };
      return refusing(async () => shownProxy(await network.openProxy({ kind, ...credentials })));
    },
  },
  {
    method: 'GET',
    path: '/proxies/:proxy',
    about: 'A proxy: who came with wrong credentials, and the connections and bytes to each destination.',
    fields: {},
    handle: ({ network }, id) => shownProxy(found(network.proxies, id)),
  },
  {
    method: 'POST',
    path: '/proxies/:proxy/close',
    about: 'Closes a proxy for good, and all that goes through it.',
    fields: {},
    handle: withProxy((proxy) => proxy.close()),
  },
  {
    method: 'GET',
    path: '/relays',
    about: 'The relays that are open.',
    fields: {},
    handle: ({ network }) => ({ relays: [...network.relays.values()].map(shownRelay) }),
  },
  {
    method: 'POST',
    path: '/relays',
    about: 'Opens a relay to the chat server, or to a proxy by its id, that can be frozen: then nothing passes.',
    fields: { to: optional },
    handle: ({ network }, _path, { to }) =>
      refusing(async () => shownRelay(await network.openRelay(to === undefined ? null : String(to)))),
  },
  relayRoute('freeze', 'Nothing passes a relay any more, and neither side is told.', (relay) => relay.freeze()),
  relayRoute('thaw', 'All that a relay kept passes, and what comes from now on.', (relay) => relay.thaw()),
  relayRoute('cut', 'Every connection through a relay is reset.', (relay) => relay.cut()),
  relayRoute('close', 'Closes a relay for good.', (relay) => relay.close()),
];
