import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adLead } from '../../runtime/sandbox/contents/contents.ts';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const AD = { title: 'New bench', body: 'Sit down', sourceUrl: 'https://fb.me/ad', adId: '120', clickId: 'ARAkLk' };

describe('a message that only the phone can read', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await startReceiver();
    flow = await startFlow();
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  test('is told as undecryptable, and as a lead once the phone has handed it over', async () => {
    const ann = flow.sandbox.contact('15550100301', { name: 'Ann' });
    const account = flow.sandbox.account(PHONE);
    const { messageId } = await ann.send(account, adLead('I want one', AD), { phoneOnly: true });
    const told = (event: string) =>
      receiver.next((delivery) => delivery.event === event && delivery.data.messageId === messageId);
    await told('message.undecryptable');
    expect((await told('message')).data).toMatchObject({ text: 'I want one', from: { phone: '+15550100301' } });
  });
});
