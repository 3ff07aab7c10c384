/** Word to people's linked devices that something about an account or a contact has changed. */
import type { Person } from '../directory.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import type { LinkedDevice } from '../linked-device.ts';
import { newStanzaId, node, now } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

export interface Notice {
  readonly type: string;
  /** Whom it is about, as a JID. */
  readonly from: string;
  readonly content: readonly Stanza[];
  readonly attrs?: Stanza['attrs'];
}

/** Delivers a notification to one linked device, now or at its next login. */
export function notify(device: LinkedDevice, { type, from, content, attrs }: Notice): void {
  device.deliver(node('notification', { ...attrs, from, type, id: newStanzaId(), t: now() }, [...content]));
}

/** Delivers a notification to every linked device of a person but the one that caused it. */
export function notifyAll(person: Person, notice: Notice, cause?: LinkedDevice): void {
  for (const device of linkedDevicesOf(person)) if (device !== cause) notify(device, notice);
}
