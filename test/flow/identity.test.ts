import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;

describe('a person is the same person by whichever address', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow());
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  async function says(contact: Contact, text: string) {
    const { messageId } = await contact.say(flow.sandbox.account(PHONE), text);
    return (await receiver.next(({ event, data }) => event === 'message' && data.messageId === messageId)).data;
  }

  async function send(to: string, text: string) {
    const { status, body } = await flow.call('POST', '/messages/text', { sessionId: 'sales', to, text });
    expect([status, body.error]).toEqual([202, undefined]);
    return body.data;
  }

  const shown = (contact: Contact, text: string) => contact.waitForMessage((row) => row.text === text, DEADLINE_MS);

  test('who hides their number is answered by their id, and keeps it when the number is told', async () => {
    const ann = flow.sandbox.contact('15550100701', { name: 'Ann', hidesNumber: true });
    const { from, chat } = await says(ann, 'who is there?');
    expect(from).toMatchObject({ phone: null, lid: ann.lid, jid: ann.lid, pushName: 'Ann' });
    expect(chat).toEqual({ jid: ann.lid, isGroup: false, contactId: from.contactId });
    const sent = await send(from.contactId, 'it is us');
    expect(sent).toMatchObject({ to: ann.lid, contact: { contactId: from.contactId, pushName: 'Ann' } });
    await shown(ann, 'it is us');
    ann.revealNumber();
    const later = await says(ann, 'good');
    expect(later.from).toMatchObject({ contactId: from.contactId, phone: '+15550100701', lid: ann.lid });
    const { contact } = await send('+1 555 010 0701', 'thanks');
    expect(contact).toMatchObject({ contactId: from.contactId, phone: '+15550100701' });
    const ack = await receiver.next(({ event, data }) => event === 'message.ack' && data.chat.jid === ann.jid);
    expect(ack.data).toMatchObject({ to: { contactId: from.contactId }, chat: { contactId: from.contactId } });
  });

  test('who opted out by one address is written to by none, until it is taken back by any', async () => {
    const dora = flow.sandbox.contact('15550100709', { name: 'Dora' });
    const { from } = await says(dora, 'no more, please');
    const optOuts = '/sessions/sales/opt-outs';
    await flow.call('PUT', `${optOuts}/${encodeURIComponent(dora.lid)}`, { basis: 'wrote so' });
    for (const to of [dora.phone, dora.lid, from.contactId]) {
      const refused = await flow.call('POST', '/messages/text', { sessionId: 'sales', to, text: 'just once more' });
      expect([to, refused.body.error?.code]).toEqual([to, 'opted_out']);
    }
    expect((await flow.call('DELETE', `${optOuts}/${dora.phone}`)).body.data).toEqual({ removed: true });
    await send(dora.phone, 'welcome back');
    await shown(dora, 'welcome back');
  });

  test('who was written to by number is known when they answer without one', async () => {
    const ben = flow.sandbox.contact('15550100702', { name: 'Ben' });
    const { contact } = await send(ben.phone, 'hello Ben');
    await shown(ben, 'hello Ben');
    ben.behave({ hidesNumber: true });
    const { from } = await says(ben, 'hello');
    expect(from).toMatchObject({ contactId: contact.contactId, phone: '+15550100702', lid: ben.lid, pushName: 'Ben' });
  }, 30_000);

  test('two contacts become one when WhatsApp tells that they are, and a given-up id leads to them', async () => {
    const cleo = flow.sandbox.contact('15550100703', { name: 'Cleo', hidesNumber: true });
    const { from } = await says(cleo, 'hello');
    await flow.call('POST', '/sessions/sales/disconnect');
    cleo.revealNumber();
    const { contact: byNumber } = await send(cleo.phone, 'one');
    expect(byNumber.contactId).not.toBe(from.contactId);
    await send(cleo.lid, 'two');
    await flow.call('POST', '/sessions/sales/reconnect');
    await flow.reaches('sales', 'connected');
    const { data } = await receiver.next(({ event }) => event === 'contact.merged');
    expect(data).toMatchObject({
      merged: byNumber.contactId,
      kept: { contactId: from.contactId, phone: '+15550100703' },
    });
    await send(byNumber.contactId, 'three');
    for (const text of ['one', 'two', 'three']) await shown(cleo, text);
    const { body } = await flow.call('GET', '/messages?sessionId=sales&limit=3');
    const ids = body.data.messages.map(({ contact }: { contact: { contactId: string } }) => contact.contactId);
    expect(new Set(ids)).toEqual(new Set([from.contactId]));
  }, 60_000);

  test('a message repeated under its Idempotency-Key is the same message by any address, and to another person refused', async () => {
    const [finn, gina] = ['15550100710', '15550100711'].map((phone) => flow.sandbox.contact(phone)) as [
      Contact,
      Contact,
    ];
    const { from } = await says(finn, 'is it ready?');
    await says(gina, 'and mine?');
    const ask = async (to: string) => {
      const message = { sessionId: 'sales', to, text: 'it is ready' };
      return await flow.call('POST', '/messages/text', message, { 'idempotency-key': 'ready' });
    };
    const first = await ask(finn.phone);
    expect(first.status).toBe(202);
    for (const to of [finn.lid, from.contactId, finn.phone])
      expect((await ask(to)).body.data).toMatchObject({ messageId: first.body.data.messageId });
    expect((await ask(gina.phone)).body.error).toMatchObject({ code: 'idempotency_conflict' });
    await shown(finn, 'it is ready');
    expect([finn, gina].map(({ screen }) => screen.filter(({ text }) => text === 'it is ready').length)).toEqual([
      1, 0,
    ]);
  }, 30_000);

  test('what was said under one address is quoted under the other', async () => {
    const dora = flow.sandbox.contact('15550100704', { hidesNumber: true });
    const { messageId } = await says(dora, 'what does it cost?');
    dora.revealNumber();
    await says(dora, 'well?');
    const body = { sessionId: 'sales', to: dora.phone, text: 'ten', quotedMessageId: messageId };
    expect((await flow.call('POST', '/messages/text', body)).status).toBe(202);
    expect((await shown(dora, 'ten')).quoted?.messageId).toBe(messageId);
  });

  test('an id nobody has is refused', async () => {
    const body = { sessionId: 'sales', to: 'c_00000000000000000000', text: 'hello' };
    const { status, body: answer } = await flow.call('POST', '/messages/text', body);
    expect([status, answer.error.code]).toEqual([404, 'contact_not_found']);
  });
});
