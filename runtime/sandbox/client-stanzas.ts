/** What a logged-in client may send: one handler for each kind of stanza. */
import { answerQuery } from './queries/queries.ts';
import { acceptAck, acceptReceipt } from './receipts.ts';
import { acceptMessage } from './messages.ts';
import { children } from './stanza.ts';
import type { StanzaHandler } from './world.ts';

/** `<presence type>` is how the whole client shows itself; subscribing to somebody else's asks nothing of us. */
const acceptPresence: StanzaHandler = ({ events }, { person }, { attrs }) => {
  const state = attrs['type'] ?? 'available';
  if (state !== 'subscribe' && state !== 'unsubscribe') {
    events.emit('presence', { phone: person.phone, to: null, state });
  }
};

/** `<chatstate to>` is what it shows in one chat; recording is composing with sound. */
const acceptChatState: StanzaHandler = ({ events }, { person }, stanza) => {
  const [shown] = children(stanza);
  const state = shown?.attrs['media'] === 'audio' ? 'recording' : (shown?.tag ?? 'paused');
  events.emit('presence', { phone: person.phone, to: stanza.attrs['to'] ?? null, state });
};

/** `<ib>` carries telemetry and batch sizes; nothing in it is answered. */
const acceptInfo: StanzaHandler = () => undefined;

const HANDLERS: Readonly<Record<string, StanzaHandler>> = {
  iq: answerQuery,
  message: acceptMessage,
  receipt: acceptReceipt,
  ack: acceptAck,
  presence: acceptPresence,
  chatstate: acceptChatState,
  ib: acceptInfo,
};

/** Handles a stanza of a logged-in device, or records that nobody can. */
export const handleStanza: StanzaHandler = (world, device, stanza) => {
  const handler = HANDLERS[stanza.tag];
  if (handler) handler(world, device, stanza);
  else world.unhandled(stanza);
};
