/** What clients say about calls: that they reject one, or that they want a link to one. */
import { randomBytes } from 'node:crypto';
import { child, node } from '../stanza.ts';
import type { StanzaHandler } from '../world.ts';

const LINK_TOKEN_BYTES = 16;

export const acceptCall: StanzaHandler = (world, device, stanza) => {
  const { id, to } = stanza.attrs;
  const rejected = child(stanza, 'reject');
  const link = child(stanza, 'link_create');
  if (!id || !to || (!rejected && !link)) return world.unhandled(stanza);
  const ack = (type: string, content?: ReturnType<typeof node>[]) =>
    device.connection?.send(node('ack', { class: 'call', id, from: to, type }, content));
  if (link) {
    const token = randomBytes(LINK_TOKEN_BYTES).toString('base64url');
    return void ack('link_create', [node('link_create', { token, media: link.attrs['media'] ?? 'audio' })]);
  }
  ack('reject');
  const call = world.social.findCall(rejected?.attrs['call-id']);
  if (call?.to === device.person) call.rejectOn(device);
};
