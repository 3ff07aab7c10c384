/** What a phone reads in the stanzas it gets, and writes into those it sends. */
import type { proto } from '@whiskeysockets/baileys';
import { checkDeviceIdentity } from './adv.ts';
import type { Address, Addressing } from './directory.ts';
import type { ReceivedReceipt } from './phone-options.ts';
import type { CipherType } from './signal-device.ts';
import { bytesOf, child } from './stanza.ts';
import type { Stanza } from './stanza.ts';

/** What another device of the sender gets: the message, and whose chat it belongs to. */
export const copyOf = (message: proto.IMessage, destinationJid: string): proto.IMessage => ({
  deviceSentMessage: { destinationJid, message },
  ...(message.messageContextInfo && { messageContextInfo: message.messageContextInfo }),
});

export const isCipherType = (type: string | undefined): type is CipherType => type === 'pkmsg' || type === 'msg';

export const addressingOf = (stanza: Stanza): Addressing =>
  stanza.attrs['addressing_mode'] === 'lid' || stanza.attrs['from']?.endsWith('@lid') ? 'lid' : 'pn';

export function kindOf(type: string | undefined): ReceivedReceipt['kind'] | null {
  if (type === undefined || type === 'inactive') return 'delivered';
  return type === 'read' || type === 'played' ? type : null;
}

/** A linked device must show, whenever it begins a session, that its account vouches for it. */
export function checkLinkedDevice(stanza: Stanza, { person, device }: Address): void {
  const identity = bytesOf(child(stanza, 'device-identity'));
  const account = person.devices.get(0);
  const linked = person.devices.get(device);
  if (!identity || !account || !linked) throw new Error('a linked device that shows no identity');
  checkDeviceIdentity(identity, account.identityKey, linked.identityKey);
}
