/** Calls and changes of groups are told although the runtime dies in the instant WhatsApp has its word that it has them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Group } from '../../runtime/sandbox/groups/group.ts';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { CrashStage, PHONE, type Stanza } from '../support/crash-stage.ts';
import { within } from '../support/deadline.ts';
import type { Received } from '../support/receiver.ts';

interface Happening {
  what: string;
  /** The class of the ack after which WhatsApp forgets it. */
  class: 'call' | 'notification';
  happens(): string;
  /** Whether an event tells of what `happens` has named. */
  tells(data: Received['data'], name: string): boolean;
}

let stage: CrashStage;
let ann: Contact;
let group: Group;

beforeAll(async () => {
  stage = await CrashStage.open();
  const events = ['message', 'call', 'group.update'];
  await stage.call('POST', '/webhooks', { url: stage.receiver.url, events });
  await stage.known('15550100100');
  ann = stage.sandbox.contact('15550100100');
  group = stage.sandbox.group({ subject: 'Neighbours', members: [ann, stage.sandbox.account(PHONE)] });
  await stage.receiver.next(({ event, data }) => event === 'group.update' && data.change === 'created');
}, 60_000);
afterAll(() => stage.close(), 30_000);

const call = (): string => ann.call(stage.sandbox.account(PHONE), { video: true }).id;
const member = () => stage.sandbox.contact('15550100101', { name: 'Ben' });

const HAPPENINGS: Happening[] = [
  {
    what: 'a call',
    class: 'call',
    happens: call,
    tells: ({ callId, status, video }, name) => callId === name && status === 'ringing' && video === true,
  },
  {
    what: 'a new member',
    class: 'notification',
    happens: () => (group.add(member()), `+${member().phone}`),
    tells: ({ change, members }, name) => change === 'added' && members[0]?.phone === name,
  },
  {
    what: 'a new subject',
    class: 'notification',
    happens: () => (group.setSubject('Good neighbours', ann), 'Good neighbours'),
    tells: ({ change, value }, name) => change === 'subject' && value === name,
  },
];

const isAck = (wanted: string) => (stanza: Stanza) => stanza.tag === 'ack' && stanza.attrs['class'] === wanted;

test.each(HAPPENINGS)(
  'killed when the ack of $what reaches WhatsApp, which then forgets it, it is told, and under one id',
  async ({ class: wanted, happens, tells }) => {
    const killed = stage.killedAtStanza('in', isAck(wanted));
    const name = happens();
    await within(20_000, 'the kill', killed);
    await stage.start();
    const isIt = ({ event, data }: Received) => event !== 'message' && tells(data, name);
    await stage.receiver.next(isIt, 30_000);
    // What comes after it is told after it: by then a second one would have come.
    const { messageId } = await ann.say(stage.sandbox.account(PHONE), `after ${name}`);
    await stage.receiver.next(({ data }) => data.messageId === messageId, 30_000);
    expect(new Set(stage.receiver.events.filter(isIt).map(({ id }) => id)).size).toBe(1);
  },
  90_000,
);
