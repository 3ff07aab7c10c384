import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

describe('a linked client that finds media gone', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  /** A picture somebody sent, whose file is not asked for here. */
  async function receivedImage(id: string) {
    const contact = sandbox.contact('15550100011');
    const { phone } = contact.devices.handset(0);
    const imageMessage = { mediaKey: randomBytes(32), directPath: '/v/old', mimetype: 'image/jpeg' };
    const devices = [...account.person.devices.values()];
    const sent = { message: { imageMessage }, chat: account.person, addressing: 'lid', type: 'media' } as const;
    await phone.send(id, sent, devices);
    await account.handset.idle();
    return receives(client, 'the image', ({ key }) => key.id === id);
  }

  test('asks the phone for it and learns where it is now', async () => {
    account.uploadsAgain = (path) => path.replace('old', 'new');
    const message = await receivedImage('3EB0CCCCCCCCCCCCCCCC01');
    const updated = await client.socket.updateMediaMessage(message);
    expect(updated.message?.imageMessage?.directPath).toBe('/v/new');
  });

  test('is told when the phone has lost the file', async () => {
    account.uploadsAgain = () => null;
    const message = await receivedImage('3EB0CCCCCCCCCCCCCCCC02');
    await expect(client.socket.updateMediaMessage(message)).rejects.toThrow('NOT_FOUND');
  });

  test('is refused by the phone when it asks with another key', async () => {
    const message = await receivedImage('3EB0CCCCCCCCCCCCCCCC03');
    if (message.message?.imageMessage) message.message.imageMessage.mediaKey = randomBytes(32);
    await expect(client.socket.updateMediaMessage(message)).rejects.toThrow();
  });

  test('is told when the phone never saw the message', async () => {
    const message = await receivedImage('3EB0CCCCCCCCCCCCCCCC04');
    const other = { ...message, key: { ...message.key, id: '3EB0CCCCCCCCCCCCCCCC05' } };
    await expect(client.socket.updateMediaMessage(other)).rejects.toMatchObject({ output: { statusCode: 404 } });
  });
});
