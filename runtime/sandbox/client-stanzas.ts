/** What a logged-in client may send: one handler for each kind of stanza. */
import { answerQuery } from './queries/queries.ts';
import { acceptAck, acceptReceipt } from './receipts.ts';
import { acceptMessage } from './messages.ts';
import { acceptCall } from './social/call-stanzas.ts';
import { acceptChatState, acceptPresence } from './social/presence-stanzas.ts';
import type { StanzaHandler } from './world.ts';

/** `<ib>` carries telemetry and batch sizes; nothing in it is answered. */
const acceptInfo: StanzaHandler = () => undefined;

const HANDLERS: Readonly<Record<string, StanzaHandler>> = {
  iq: answerQuery,
  message: acceptMessage,
  receipt: acceptReceipt,
  ack: acceptAck,
  call: acceptCall,
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
