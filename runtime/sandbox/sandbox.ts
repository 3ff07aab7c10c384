/**
 * A WhatsApp server on localhost, with phones and people in it. Unmodified clients link to its accounts, log in and
 * exchange end-to-end encrypted messages with its contacts.
 */
import type { EventEmitter } from 'node:events';
import { Curve } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import type { Account } from './account.ts';
import { certifyServerKey } from './certificate-chain.ts';
import { handleStanza } from './client-stanzas.ts';
import { Connection } from './connection.ts';
import type { ConnectionEvents } from './connection.ts';
import { openControlServer } from './control.ts';
import type { Contact, ContactOptions } from './contact.ts';
import { EventFeed } from './event-feed.ts';
import type { SandboxEvents } from './events.ts';
import type { Delivery } from './delivery.ts';
import { FaultRegistry } from './faults/registry.ts';
import type { Group, GroupOptions } from './groups/groups.ts';
import type { LinkedDevice } from './linked-device.ts';
import { handleRegistering } from './linking/linking.ts';
import type { LinkingOptions } from './linking/linking.ts';
import { admit } from './login.ts';
import { openMediaServer } from './media/media-server.ts';
import type { MediaServer } from './media/media-server.ts';
import { Network } from './network.ts';
import { People } from './people.ts';
import { openChatServer } from './server.ts';
import type { Restrictions } from './restrictions.ts';
import type { World } from './world.ts';

export type { Account, LinkedDeviceInfo } from './account.ts';
export type { Contact, ContactOptions, SayOptions, SendOptions } from './contact.ts';
export type { ContactDevice } from './contact-devices.ts';
export type { SandboxEvents } from './events.ts';
export { FAULTS, type ActiveFault, type FaultKind, type FaultRequest, type Settings } from './faults/registry.ts';
export { openRelay, type Relay } from './relay.ts';
export type { Network, SandboxProxy, SandboxRelay } from './network.ts';
export { openProxy, type Proxy, type ProxyOptions, type Traffic } from './proxies/proxies.ts';
export type { Group, GroupMember, GroupOptions, GroupSettings, Who } from './groups/groups.ts';
export type { PastChat, PastMessage } from './own-phone/own-phone.ts';
export type { FileKind, FileToSend, MediaFaults } from './media/media.ts';
export type { MediaServer } from './media/media-server.ts';
export type { ReceivedReceipt } from './phone.ts';
export type { PollView, Reaction } from './contents/changes.ts';
export type { ScreenMessage } from './screen.ts';
export type { BusinessProfile, Call, CallOptions, CallState, PrivacySetting, Somebody } from './social/social.ts';

export interface SandboxOptions extends LinkingOptions {
  /** Where it listens; this machine only, unless told otherwise. */
  readonly host?: string;
  /** The port for clients; 0 takes any free one. */
  readonly port?: number;
  /** Where other processes steer it over HTTP; without it there is no control server. */
  readonly controlPort?: number;
  readonly log?: (line: string) => void;
}

export interface Sandbox {
  /** What to give a client as WHATSAPP_WS_URL. */
  readonly url: string;
  /** Hex of the key at the root of its certificates, to give a client as WHATSAPP_ROOT_KEY. */
  readonly rootKey: string;
  readonly controlUrl: string | null;
  /** Every stanza nobody knew how to handle, as text. */
  readonly unhandled: readonly string[];
  readonly events: EventEmitter<SandboxEvents>;
  /** Every fault by its name, for all accounts or one. */
  readonly trouble: FaultRegistry;
  /** TCP connections the server has accepted: what reached it by any way, through a proxy or around it. */
  readonly acceptedConnections: number;
  /** Trouble on the way to one number. */
  readonly delivery: Delivery;
  /** What WhatsApp does to accounts that write to too many strangers. */
  readonly restrictions: Restrictions;
  /** The host of encrypted files: what goes wrong there, and files that are gone. */
  readonly media: MediaServer;
  /** Proxies and relays on the way to it, closed with it. */
  readonly network: Network;
  /** PEM of the authority clients must trust to reach the media host, such as by NODE_EXTRA_CA_CERTS. */
  readonly mediaCa: string;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly contacts: ReadonlyMap<string, Contact>;
  /** A WhatsApp account with its phone, made on first use. Throws for what is not a free phone number in digits. */
  account(phone: string): Account;
  /** Somebody to talk with, made on first use; options given later change the habits. The name is set once. */
  contact(phone: string, options?: ContactOptions): Contact;
  /** Every group by its JID. */
  readonly groups: ReadonlyMap<string, Group>;
  /** Makes a group of contacts and accounts; accounts' clients learn of it at once. Throws on bad options. */
  group(options: GroupOptions): Group;
  /** Ends everything; resolves when nothing of it keeps the process alive. */
  stop(): Promise<void>;
}

/** Starts a sandbox. Resolves when it listens. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, controlPort, log = () => undefined } = options;
  const closing = new AbortController();
  const unhandled: string[] = [];
  const people = new People(closing.signal, log, (line) => unhandled.push(line), options);
  const key = Curve.generateKeyPair();
  const { rootKey, chain, flawed: flawedChain } = certifyServerKey(key.public);
  const identity = { key, certificate: chain };
  const handlers = connectionHandlers(people.world);
  const { pictures } = people.world.social;
  const { interferences } = people.world;
  const server = await openChatServer(
    { host, port },
    {
      connect: (socket: WebSocket) => new Connection(socket, identity, { events: handlers, interferences }),
      interferences,
    },
  );
  const { world, accounts, contacts } = people;
  const media = await openMediaServer(host, world.media, (path) => pictures.file(path));
  const url = `ws://${host}:${server.port}/ws/chat`;
  const network = new Network(url);
  const contact = (phone: string, habits?: ContactOptions) => people.contact(phone, habits);
  const controlled = {
    unhandled,
    accounts,
    contacts,
    account: (phone: string) => people.account(phone),
    contact,
    groups: world.groups.all,
    group: (group: GroupOptions) => world.groups.create(group),
    trouble: new FaultRegistry(world, { server, media, network, flawedChain, contact }),
    delivery: world.delivery,
    restrictions: world.restrictions,
    media,
    network,
  };
  const feed = new EventFeed(world.events);
  const control = controlPort === undefined ? null : await openControlServer({ ...controlled, feed }, controlPort);
  return {
    ...controlled,
    url,
    rootKey: rootKey.toString('hex'),
    mediaCa: media.authority,
    controlUrl: control?.url ?? null,
    events: world.events,
    get acceptedConnections() {
      return server.accepted;
    },
    async stop() {
      controlled.trouble.stopAll();
      closing.abort();
      await control?.close();
      await network.close();
      await server.close();
      await media.close();
      await people.idle();
    },
  };
}

/** Joins what comes over connections to what the sandbox is made of. */
function connectionHandlers(world: World): ConnectionEvents {
  const loggedIn = new Map<Connection, LinkedDevice>();
  return {
    hello(connection, payload, noiseKey) {
      const device = admit(world, connection, payload, noiseKey);
      if (device) loggedIn.set(connection, device);
    },
    stanza(connection, stanza) {
      const device = loggedIn.get(connection);
      if (world.registrations.has(connection)) return handleRegistering(world, connection, stanza);
      // A client whose link was removed, or that another connection replaced, is no longer listened to.
      if (device?.connection === connection) handleStanza(world, device, stanza);
    },
    traffic(connection, direction, node) {
      world.events.emit('stanza', { phone: connection.phone, direction, node });
    },
    closed(connection) {
      world.registrations.end(connection);
      const device = loggedIn.get(connection);
      loggedIn.delete(connection);
      if (device) world.social.presence.forget(connection, device.person);
      if (!device?.detach(connection)) return;
      world.events.emit('closed', { phone: device.person.phone, deviceId: device.id });
    },
    log: world.log,
  };
}
