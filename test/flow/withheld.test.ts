import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adLead } from '../../runtime/sandbox/contents/contents.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const AD = { title: 'New bench', body: 'Sit down', sourceUrl: 'https://fb.me/ad', adId: '120', clickId: 'ARAkLk' };

describe('a message that only the phone can read', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow());
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  const told = (event: string, id: string) =>
    receiver.next((delivery) => delivery.event === event && delivery.data.messageId === id);

  /** A lead the runtime has had word of, and not yet asked the phone for: the client gives it two seconds to come by itself. */
  async function lead(phone: string): Promise<string> {
    const ann = flow.sandbox.contact(phone, { name: 'Ann' });
    const { messageId } = await ann.send(flow.sandbox.account(PHONE), adLead('I want one', AD), { phoneOnly: true });
    await told('message.undecryptable', messageId);
    return messageId;
  }

  async function comesOnce(messageId: string): Promise<void> {
    expect((await told('message', messageId)).data).toMatchObject({ text: 'I want one', fromMe: false });
    const events = receiver.events.filter(({ data }) => data.messageId === messageId).map(({ event }) => event);
    expect(events).toEqual(['message.undecryptable', 'message']);
  }

  test('is told as undecryptable, and as a lead once the phone has handed it over', async () => {
    await comesOnce(await lead('15550100301'));
  });

  test('is asked for after a restart when the runtime ended before it had asked', async () => {
    const messageId = await lead('15550100302');
    await flow.stopRuntime();
    await flow.startRuntime();
    await comesOnce(messageId);
  }, 20_000);

  test('is asked for when the connection is back that was cut before it had asked', async () => {
    const messageId = await lead('15550100303');
    flow.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE });
    await comesOnce(messageId);
  }, 20_000);
});
