import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as contents from '../../runtime/sandbox/contents/contents.ts';
import type { Contact, FileToSend } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
const BYTES = randomBytes(70_001);

describe('a message is passed on to another chat, flagged as forwarded', () => {
  let flow: Flow;
  let receiver: Receiver;
  let ann: Contact;
  let ben: Contact;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow());
    trustMediaHost(flow.sandbox);
    ann = flow.sandbox.contact('15550100501', { name: 'Ann' });
    await heard(await ann.say(account(), 'hello'));
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  const account = () => flow.sandbox.account(PHONE);

  async function heard({ messageId }: { messageId: string }) {
    return (await receiver.next(({ event, data }) => event === 'message' && data.messageId === messageId)).data;
  }

  let friends = 0;
  /** Somebody new, who has written before: to one person no more than three messages go in a row. */
  async function friend(): Promise<Contact> {
    ben = flow.sandbox.contact(`155501006${String(friends++).padStart(2, '0')}`);
    await heard(await ben.say(account(), 'hello'));
    return ben;
  }

  const forward = (what: object) =>
    flow.call('POST', '/messages/forward', {
      sessionId: 'sales',
      to: ben.phone,
      ...what,
      waitFor: 'sent',
      timeout: 15,
    });

  async function passedOn(message: { messageId: string; chat?: { jid: string } }) {
    const { status, body } = await forward({ messageId: message.messageId, chat: message.chat?.jid });
    expect([status, body.error, body.data?.reached]).toEqual([202, undefined, true]);
    const row = await ben.waitForMessage(({ messageId }) => messageId === body.data.messageId, DEADLINE_MS);
    expect(row).toMatchObject({ forwarded: true, quoted: null });
    return row;
  }

  test('a text that answered another', async () => {
    await friend();
    const first = await ann.say(account(), 'first');
    const message = await heard(await ann.say(account(), 'look at this', { quoted: first.messageId }));
    expect(message.quoted.messageId).toBe(first.messageId);
    expect(await passedOn(message)).toMatchObject({ kind: 'text', text: 'look at this' });
  });

  test('a text that was changed, as it is now', async () => {
    await friend();
    const message = await heard(await ann.say(account(), 'at noon'));
    await ann.edit(message.messageId, 'at one');
    await receiver.next(({ event, data }) => event === 'message.edited' && data.messageId === message.messageId);
    expect(await passedOn(message)).toMatchObject({ kind: 'text', text: 'at one' });
  });

  test.each<FileToSend>([
    { kind: 'image', bytes: BYTES, mime: 'image/jpeg', caption: 'the bench' },
    { kind: 'voice', bytes: BYTES, mime: 'audio/ogg; codecs=opus', seconds: 2 },
    { kind: 'document', bytes: BYTES, mime: 'application/pdf', fileName: 'plan.pdf', caption: 'the plan' },
  ])('a file, the same to the byte: $kind', async (file) => {
    await friend();
    const row = await passedOn(await heard(await ann.sendFile(account(), file)));
    expect(row).toMatchObject({ kind: file.kind, ...(file.caption && { text: file.caption }) });
    expect((await row.file()).equals(BYTES)).toBe(true);
  });

  test('what somebody wrote in a group', async () => {
    await friend();
    const group = flow.sandbox.group({ subject: 'Neighbours', members: [ann, account()] });
    const message = await heard(await ann.say(group, 'who has a ladder?'));
    expect(await passedOn(message)).toMatchObject({ kind: 'text', text: 'who has a ladder?', group: null });
  });

  test('a poll, as a new one whose votes are counted', async () => {
    await friend();
    const poll = contents.poll('When?', ['Today', 'Tomorrow']);
    const row = await passedOn(await heard(await ann.send(account(), poll)));
    await ben.vote(row.messageId, ['Tomorrow']);
    const { data } = await receiver.next(
      ({ event, data }) => event === 'poll.vote' && data.messageId === row.messageId,
    );
    expect(data).toMatchObject({ question: 'When?', chosen: ['Tomorrow'] });
  });

  test('what this session sent, without naming its chat, and what its phone sent', async () => {
    await friend();
    const send = { sessionId: 'sales', to: ann.phone, text: 'our offer', waitFor: 'sent', timeout: 15 };
    const { body } = await flow.call('POST', '/messages/text', send);
    expect(await passedOn({ messageId: body.data.messageId })).toMatchObject({ text: 'our offer' });
    const own = await heard(await account().send(ann, contents.text('by hand')));
    expect(await passedOn(own)).toMatchObject({ text: 'by hand' });
  });

  test('the same key with the same message is one message', async () => {
    await friend();
    const message = await heard(await ann.send(account(), contents.poll('Where?', ['Here', 'There'])));
    const body = { sessionId: 'sales', to: ben.phone, messageId: message.messageId, chat: message.chat.jid };
    const [one, two] = await Promise.all(
      [1, 2].map(() => flow.call('POST', '/messages/forward', body, { 'idempotency-key': 'once' })),
    );
    expect([one?.status, one?.body.data.messageId]).toEqual([202, two?.body.data.messageId]);
    await ben.waitForMessage(({ messageId }) => messageId === one?.body.data.messageId, DEADLINE_MS);
  });

  test('what can be seen once is not passed on, nor what is not known', async () => {
    await friend();
    const once = await heard(
      await ann.sendFile(account(), { kind: 'image', bytes: BYTES, mime: 'image/jpeg', viewOnce: true }),
    );
    const refused = await forward({ messageId: once.messageId, chat: once.chat.jid });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'not_forwardable']);
    const unknown = await forward({ messageId: once.messageId });
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'message_not_found']);
    const quoting = await forward({ messageId: once.messageId, quotedMessageId: once.messageId });
    expect([quoting.status, quoting.body.error.code]).toEqual([400, 'invalid_request']);
  });
});
