/** Messages from linked devices: taken in, acknowledged, and handed on to every device they were encrypted for. */
import type { Addressing } from './directory.ts';
import { groupRefusal, readGroupDispatch } from './groups/groups.ts';
import type { Dispatch } from './post-office.ts';
import { bytesOf, child, children, node, now } from './stanza.ts';
import type { Stanza } from './stanza.ts';
import type { StanzaHandler, World } from './world.ts';
import type { LinkedDevice } from './linked-device.ts';

/** By the server of an address: why a message to a newsletter, a bot, or an audience of one's own is refused. */
const ABSENT: Readonly<Record<string, string>> = { newsletter: '404', bot: '404', broadcast: '501' };

/** The same id twice is acknowledged and delivered twice: what is shown once is the recipient's business. */
export const acceptMessage: StanzaHandler = (world, device, stanza) => {
  const { id, to } = stanza.attrs;
  if (!id || !to || !isChat(to)) return world.unhandled(stanza);
  const error = groupRefusal(world, device, stanza) ?? personalRefusal(world, device, stanza);
  const attrs = { class: 'message', id, from: to, t: now(), ...(error !== null && { error }) };
  device.connection?.send(node('ack', attrs));
  if (error !== null) return;
  const group = world.groups.find(to);
  if (group) return world.postOffice.dispatchToGroup(readGroupDispatch(world, device, group, stanza));
  const dispatch = readDispatch(world, device, stanza);
  if (dispatch) world.postOffice.dispatch(dispatch);
};

/** Somebody whose messages are refused for now; or a stranger, to whom a restricted account may not write. */
function personalRefusal({ directory, delivery, restrictions }: World, { person }: LinkedDevice, stanza: Stanza) {
  const jid = stanza.attrs['recipient'] ?? stanza.attrs['to'] ?? '';
  if (!isPersonal(jid)) return ABSENT[serverOf(jid)] ?? null;
  const to = directory.find(jid)?.person;
  return delivery.takeRefusal(to) ?? restrictions.judge(person, to, bytesOf(child(stanza, 'tctoken')));
}

const serverOf = (jid: string): string => jid.split('@')[1] ?? '';

const isChat = (jid: string): boolean => isPersonal(jid) || jid.endsWith('@g.us') || serverOf(jid) in ABSENT;

const isPersonal = (jid: string): boolean => jid.endsWith('@s.whatsapp.net') || jid.endsWith('@lid');

/** Null for a number nobody has: WhatsApp takes such a message too, and nobody ever gets it. */
function readDispatch({ directory }: World, device: LinkedDevice, stanza: Stanza): Dispatch | null {
  const { id = '', to = '', type = 'text', edit, category, recipient } = stanza.attrs;
  const chat = directory.find(recipient ?? to)?.person;
  if (!chat) return null;
  const addressing: Addressing = to.endsWith('@lid') ? 'lid' : 'pn';
  const from = { person: device.person, device: device.id };
  const deviceIdentity = child(stanza, 'device-identity');
  const parts = encryptedParts(stanza).flatMap(({ jid, enc }) => {
    const address = directory.find(jid);
    // In some chats clients encrypt for themselves as well; that copy goes nowhere.
    const isSelf = address?.person === from.person && address.device === from.device;
    return address && enc && !isSelf ? [{ to: address, enc }] : [];
  });
  return { id, from, chat, addressing, type, edit, category, parts, deviceIdentity };
}

/** A ciphertext for each participant; or, to a single device, one directly inside the message. */
function encryptedParts(stanza: Stanza): { jid: string | undefined; enc: Stanza | undefined }[] {
  const participants = child(stanza, 'participants');
  if (!participants) return [{ jid: stanza.attrs['to'], enc: child(stanza, 'enc') }];
  return children(participants, 'to').map((to) => ({ jid: to.attrs['jid'], enc: child(to, 'enc') }));
}
