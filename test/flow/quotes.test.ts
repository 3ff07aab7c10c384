/** Answers show what they answer, whatever kind it is, whoever wrote it, in a chat or in a group. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import type { Contact, Group } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
let flow: Flow;
let receiver: Receiver;
let nextPhone = 15_550_100_701;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow());
  trustMediaHost(flow.sandbox);
}, 60_000);
afterAll(async () => {
  await flow.end();
  await receiver.stop();
}, 30_000);

const account = () => flow.sandbox.account(PHONE);
const heard = (messageId: string) => receiver.next(({ data }) => data.messageId === messageId);

async function friend(): Promise<Contact> {
  const ann = flow.sandbox.contact(String(nextPhone++));
  await heard((await ann.say(account(), 'hello')).messageId);
  return ann;
}

/** What the answer carries of the message it answers, as the contact sees it. */
async function answerTo(
  ann: Contact,
  messageId: string,
  to: string = ann.phone,
  kind = 'text',
  what: object = { text: `about ${messageId}` },
) {
  const body = { sessionId: 'sales', to, ...what, quotedMessageId: messageId };
  const { status, body: answer } = await flow.call('POST', `/messages/${kind}`, body);
  expect([status, answer.error]).toEqual([202, undefined]);
  const row = await ann.waitForMessage((shown) => shown.messageId === answer.data.messageId, DEADLINE_MS);
  expect(row.quoted?.messageId).toBe(messageId);
  const part = Object.values(row.content).find((each) => each?.contextInfo) as { contextInfo: proto.IContextInfo };
  return part.contextInfo.quotedMessage;
}

const said: [
  string,
  (ann: Contact, to: Group | ReturnType<typeof account>) => Promise<{ messageId: string }>,
  object,
][] = [
  ['a text', (ann, to) => ann.say(to, 'a question'), { conversation: 'a question' }],
  [
    'a picture',
    (ann, to) => ann.sendFile(to, { kind: 'image', bytes: SAMPLES.jpeg, mime: 'image/jpeg', caption: 'this one' }),
    { imageMessage: { caption: 'this one', mimetype: 'image/jpeg' } },
  ],
  [
    'a voice message',
    (ann, to) => ann.sendFile(to, { kind: 'voice', bytes: SAMPLES.voice, mime: 'audio/ogg; codecs=opus', seconds: 2 }),
    { audioMessage: { ptt: true, seconds: 2 } },
  ],
  [
    'a document',
    (ann, to) =>
      ann.sendFile(to, {
        kind: 'document',
        bytes: SAMPLES.mp3,
        mime: 'application/pdf',
        fileName: 'plan.pdf',
        caption: 'the plan',
      }),
    { documentMessage: { fileName: 'plan.pdf', caption: 'the plan' } },
  ],
  [
    'a place',
    (ann, to) => ann.send(to, { locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.25, name: 'Office' } }),
    { locationMessage: { name: 'Office', degreesLatitude: 52.5 } },
  ],
];

describe('an answer shows', () => {
  test.each(said)('%s somebody wrote', async (_what, say, shown) => {
    const ann = await friend();
    const { messageId } = await say(ann, account());
    await heard(messageId);
    expect(await answerTo(ann, messageId)).toMatchObject(shown);
  });

  test('what it was not meant to be shown twice not again', async () => {
    const ann = await friend();
    const { messageId } = await ann.sendFile(account(), {
      kind: 'image',
      bytes: SAMPLES.jpeg,
      mime: 'image/jpeg',
      viewOnce: true,
    });
    await heard(messageId);
    expect(await answerTo(ann, messageId)).not.toHaveProperty('imageMessage.mediaKey');
  });

  test('what a picture of our own said, by a picture', async () => {
    const ann = await friend();
    const base64 = SAMPLES.jpeg.toString('base64');
    const body = { sessionId: 'sales', to: ann.phone, base64, caption: 'ours', waitFor: 'sent', timeout: 15 };
    const { body: first } = await flow.call('POST', '/messages/image', body);
    const png = SAMPLES.png.toString('base64');
    const shown = await answerTo(ann, first.data.messageId, ann.phone, 'image', { base64: png, caption: 'and this' });
    expect(shown).toMatchObject({ imageMessage: { caption: 'ours' } });
  });

  test('a message of its own that has not gone yet by its words', async () => {
    const ann = await friend();
    const later = { sendAt: Date.now() + 3_600_000 };
    const { body } = await flow.call('POST', '/messages/text', {
      sessionId: 'sales',
      to: ann.phone,
      text: 'later',
      ...later,
    });
    expect(await answerTo(ann, body.data.messageId)).toMatchObject({ conversation: 'later' });
  });

  test.each(['lid', 'pn'] as const)('what a member wrote in a group addressed by %s, and who', async (addressing) => {
    const ann = await friend();
    const group = flow.sandbox.group({ subject: addressing, members: [ann, account()], addressing });
    for (const [, say, shown] of said.slice(0, 2)) {
      const { messageId } = await say(ann, group);
      await heard(messageId);
      expect(await answerTo(ann, messageId, group.jid)).toMatchObject(shown);
    }
    const [row] = ann.screen.filter(({ quoted }) => quoted);
    expect(row?.quoted?.author).toBe(addressing === 'lid' ? ann.lid : ann.jid);
  });
});
