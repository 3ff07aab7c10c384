/** Receipts and acks from linked devices: they empty the device's mailbox, and tell senders what became of a message. */
import type { Address, Addressing } from './directory.ts';
import type { Group } from './groups/groups.ts';
import type { LinkedDevice } from './linked-device.ts';
import { answerMediaRetry } from './media-retry.ts';
import { tellOwnDevices } from './own-phone/own-phone.ts';
import { child, children, node } from './stanza.ts';
import type { Stanza } from './stanza.ts';
import type { StanzaHandler, World } from './world.ts';

/** Receipts that say a message was read or played, which the account's other devices learn. */
const READINGS = new Set(['read', 'read-self', 'played', 'played-self']);
/** Receipts that concern only the account's own devices; nobody else is told. */
const PRIVATE = new Set(['read-self', 'played-self', 'sender', 'peer_msg', 'hist_sync']);

export const acceptReceipt: StanzaHandler = (world, device, stanza) => {
  const { id, recipient, type, participant } = stanza.attrs;
  // For a copy of its account's own message a client names the chat, and in some chats nothing else.
  const to = stanza.attrs['to'] ?? recipient;
  if (!id || !to) return world.unhandled(stanza);
  const ids = [id, ...children(child(stanza, 'list'), 'item').flatMap((item) => item.attrs['id'] ?? [])];
  device.mailbox.confirm({ tag: 'message', ids });
  if (type === 'hist_sync') device.hasHistory = true;
  if (type === 'retry') device.askedAgain.add(id);
  const attrs = { class: 'receipt', id, from: to, ...(type && { type }), ...(participant && { participant }) };
  device.connection?.send(node('ack', attrs));
  if (type === 'server-error') return answerMediaRetry(world, device, stanza);
  const route = routeOf(world, stanza);
  if (route) spread(world, device, stanza, { ...route, ids });
};

/** Tells everybody whom the receipt concerns. */
function spread(world: World, device: LinkedDevice, stanza: Stanza, route: Spreading): void {
  const { type } = stanza.attrs;
  if (!type || !PRIVATE.has(type)) passOn(world, device, stanza, route);
  if (!type || !READINGS.has(type)) return;
  const by = { person: device.person, device: device.id };
  tellOwnDevices({ ...route, author: route.recipient.person, by, type });
}

interface Route {
  /** Who sent what the receipt is for. */
  readonly recipient: Address;
  readonly group: Group | undefined;
  readonly addressing: Addressing;
}

type Spreading = Route & { readonly ids: readonly string[] };

function routeOf({ groups, directory }: World, { attrs: { to = '', participant } }: Stanza): Route | null {
  const group = groups.find(to);
  const recipient = directory.find(group ? participant : to);
  return recipient ? { recipient, group, addressing: group?.addressing ?? (to.endsWith('@lid') ? 'lid' : 'pn') } : null;
}

function passOn(world: World, device: LinkedDevice, stanza: Stanza, route: Spreading): void {
  const { ids, recipient, group, addressing } = route;
  const { type } = stanza.attrs;
  const from = { person: device.person, device: device.id };
  // Only the device that encrypted a message can encrypt it again; every other receipt is for all of them.
  if (type === 'retry') {
    const content = children(stanza).filter(({ tag }) => tag !== 'list');
    world.postOffice.receipt({ ids, from, group, addressing, type, content }, recipient);
  } else {
    world.postOffice.receiptToAll({ ids, from, group, addressing, type }, recipient.person);
  }
}

export const acceptAck: StanzaHandler = (_world, device, { attrs }) => {
  const { id, class: tag, error, type } = attrs;
  if (!id || !tag) return;
  // After asking for a message again a client also refuses the first copy; the second may be on its way already.
  const refusesFirstCopy = tag === 'message' && error !== undefined && device.askedAgain.delete(id);
  if (!refusesFirstCopy) device.mailbox.confirm({ tag, ids: [id], type });
};
