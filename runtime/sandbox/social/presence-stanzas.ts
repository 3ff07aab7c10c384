/** What clients show of themselves, and whose presence they want to know. */
import type { Addressing } from '../directory.ts';
import { children } from '../stanza.ts';
import type { StanzaHandler } from '../world.ts';
import type { ChatState } from './presence.ts';

/** `<presence>` shows the client as a whole, or subscribes to somebody else's. */
export const acceptPresence: StanzaHandler = (world, device, stanza) => {
  const { person, connection } = device;
  const { type = 'available', to } = stanza.attrs;
  const { presence } = world.social;
  if (!connection) return;
  switch (type) {
    case 'subscribe':
    case 'unsubscribe': {
      const subject = world.directory.find(to)?.person;
      // What happens in a group is shown to its members unasked; a number nobody has is never online.
      if (!subject) return;
      if (type === 'unsubscribe') return presence.unsubscribe(connection, subject);
      return presence.subscribe(connection, { person, addressing: addressingOf(to) }, subject);
    }
    case 'available':
      presence.comesOnline(person, connection);
      return void world.events.emit('presence', { phone: person.phone, to: null, state: type });
    case 'unavailable':
      presence.goesOffline(person, connection);
      return void world.events.emit('presence', { phone: person.phone, to: null, state: type });
    default:
      world.unhandled(stanza);
  }
};

/** `<chatstate to>` is what the client shows in one chat. */
export const acceptChatState: StanzaHandler = (world, { person }, stanza) => {
  const [shown] = children(stanza);
  const { to } = stanza.attrs;
  const state = shown?.attrs['media'] === 'audio' ? 'recording' : shown?.tag;
  if (!isChatState(state) || !to) return world.unhandled(stanza);
  world.events.emit('presence', { phone: person.phone, to, state });
  const group = world.groups.find(to);
  const partner = world.directory.find(to)?.person;
  if (group?.roster.has(person)) world.social.presence.showInGroup(group, person, state);
  else if (partner) world.social.presence.showIn(partner, person, state);
};

const addressingOf = (jid: string | undefined): Addressing => (jid?.endsWith('@lid') ? 'lid' : 'pn');

const isChatState = (state: string | undefined): state is ChatState =>
  state === 'composing' || state === 'recording' || state === 'paused';
