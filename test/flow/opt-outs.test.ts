import { expect, test } from '@jest/globals';
import { onFlow, PHONE } from '../support/flow.ts';

const HOUR_MS = 3_600_000;

test('somebody who opted out is written to no more, over a restart too, until that is taken back', async () => {
  await onFlow(async (flow) => {
    await flow.link('sales');
    const ann = flow.sandbox.contact('15550100951');
    const path = `/sessions/sales/opt-outs/${ann.phone}`;
    const ask = (text: string, more: object = {}) =>
      flow.call('POST', '/messages/text', { sessionId: 'sales', to: ann.phone, text, ...more });
    const list = async () => (await flow.call('GET', '/sessions/sales/opt-outs')).body.data.optOuts;
    const waiting = (await ask('later', { sendAt: Date.now() + HOUR_MS })).body.data;

    const { status, body } = await flow.call('PUT', path, { basis: 'asked by phone' });
    expect([status, body.data]).toEqual([
      200,
      { contact: `${ann.phone}@s.whatsapp.net`, basis: 'asked by phone', at: expect.any(Number) },
    ]);
    const failed = await flow.call('GET', `/messages/${waiting.messageId}?sessionId=sales`);
    expect(failed.body.data).toMatchObject({ status: 'failed', error: 'opted_out', certain: true });
    const again = await flow.call('PUT', path, { basis: 'asked by letter' });
    expect(again.body.data).toMatchObject({ basis: 'asked by letter', at: body.data.at });

    await flow.stopRuntime();
    await flow.startRuntime();
    await flow.reaches('sales', 'connected');
    const refused = await ask('hello');
    expect([refused.status, refused.body.error.code]).toEqual([409, 'opted_out']);
    const bulk = await flow.call('POST', '/messages/text/bulk', {
      sessionId: 'sales',
      messages: [{ to: ann.phone, text: 'news' }],
    });
    const [outcome] = (await flow.call('GET', `/bulks/${bulk.body.data.bulkId}?sessionId=sales`)).body.data.outcomes;
    expect(['waiting', 'failed']).toContain(outcome.status);
    expect(await list()).toEqual([again.body.data]);
    expect((await flow.call('GET', path)).body.data).toEqual({ optOut: again.body.data });
    const another = await flow.call('GET', '/sessions/sales/opt-outs/15550100959');
    expect(another.body.data).toEqual({ optOut: null });

    for (const wrong of [{}, { basis: '' }, { basis: 'x', note: 1 }]) {
      expect((await flow.call('PUT', path, wrong)).body.error.code).toBe('invalid_request');
    }
    expect((await flow.call('DELETE', path)).body.data).toEqual({ removed: true });
    expect((await flow.call('DELETE', path)).body.data).toEqual({ removed: false });
    expect(await list()).toEqual([]);
    expect((await ask('welcome back', { waitFor: 'sent', timeout: 15 })).body.data.reached).toBe(true);
    expect(ann.screen.map(({ text }) => text)).toEqual(['welcome back']);
  });
}, 60_000);

test('who writes a keyword and nothing else is on the list, once keywords are chosen', async () => {
  await onFlow(async (flow, receiver) => {
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
    const listed = async () =>
      (await flow.call('GET', '/sessions/sales/opt-outs')).body.data.optOuts.map(
        ({ contact, basis }: { contact: string; basis: string }) => `${contact.split('@')[0]} ${basis}`,
      );
    const hears = async (phone: string, text: string) => {
      const contact = flow.sandbox.contact(phone);
      await contact.say(flow.sandbox.account(PHONE), text);
      await receiver.next(({ event, data }) => event === 'message' && data.text === text);
      // What comes later is taken after it.
      const last = `and ${text}`;
      await flow.sandbox.contact('15550100969').say(flow.sandbox.account(PHONE), last);
      await receiver.next(({ event, data }) => event === 'message' && data.text === last);
    };
    await hears('15550100961', 'stop');
    expect(await listed()).toEqual([]);
    await flow.call('PATCH', '/sessions/sales/settings', { optOutKeywords: ['stop', 'arr\u00eat', 'нет спасибо'] });
    await hears('15550100962', ' STOP! ');
    await hears('15550100963', 'Arre\u0302t.');
    await hears('15550100964', 'Нет, спасибо');
    await hears('15550100965', 'please do not stop');
    const list: string[] = await listed();
    for (const entry of [
      '15550100962 wrote "stop"',
      '15550100963 wrote "arr\u00eat"',
      '15550100964 wrote "нет спасибо"',
    ])
      expect(list).toContain(entry);
    expect(list.filter((entry) => /1555010096[15]/.test(entry))).toEqual([]);
    const refused = await flow.call('POST', '/messages/text', { sessionId: 'sales', to: '15550100962', text: 'why?' });
    expect(refused.body.error.code).toBe('opted_out');
  });
}, 60_000);
