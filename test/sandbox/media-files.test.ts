import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { downloadMediaMessage } from '@whiskeysockets/baileys';
import type { AnyMessageContent, WAMessage } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, FileToSend, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
const groups: Group[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
  for (const addressing of ['lid', 'pn'] as const) {
    groups.push(sandbox.group({ subject: `Neighbours by ${addressing}`, members: [ann, account], addressing }));
  }
});

afterAll(() => endLinkedClient({ sandbox, client }));

const BYTES = randomBytes(3_000);
const download = (message: WAMessage) => downloadMediaMessage(message, 'buffer', {});

describe('a file a contact sends', () => {
  async function arrives(to: Account | Group, file: FileToSend): Promise<WAMessage> {
    const { messageId } = await ann.sendFile(to, file);
    return receives(client, 'the file', ({ key }) => key.id === messageId);
  }

  const rows: [string, FileToSend, object][] = [
    [
      'an image with words',
      { kind: 'image', bytes: BYTES, mime: 'image/jpeg', caption: 'the bench' },
      { imageMessage: { mimetype: 'image/jpeg', caption: 'the bench' } },
    ],
    [
      'a video',
      { kind: 'video', bytes: BYTES, mime: 'video/mp4', seconds: 7 },
      { videoMessage: { mimetype: 'video/mp4', seconds: 7 } },
    ],
    ['a GIF', { kind: 'video', bytes: BYTES, mime: 'video/mp4', gif: true }, { videoMessage: { gifPlayback: true } }],
    [
      'a video note',
      { kind: 'video', bytes: BYTES, mime: 'video/mp4', videoNote: true, seconds: 3 },
      { ptvMessage: { seconds: 3 } },
    ],
    ['music', { kind: 'audio', bytes: BYTES, mime: 'audio/mp4', seconds: 9 }, { audioMessage: { seconds: 9 } }],
    [
      'a voice message',
      { kind: 'voice', bytes: BYTES, mime: 'audio/ogg; codecs=opus', seconds: 2, waveform: [0, 50, 100] },
      { audioMessage: { ptt: true, seconds: 2, waveform: Uint8Array.of(0, 50, 100) } },
    ],
    [
      'a document',
      { kind: 'document', bytes: BYTES, mime: 'application/pdf', fileName: 'plan.pdf' },
      { documentMessage: { fileName: 'plan.pdf' } },
    ],
    [
      'a document with words',
      { kind: 'document', bytes: BYTES, mime: 'application/pdf', fileName: 'plan.pdf', caption: 'the plan' },
      { documentWithCaptionMessage: { message: { documentMessage: { caption: 'the plan' } } } },
    ],
    [
      'a sticker',
      { kind: 'sticker', bytes: BYTES, mime: 'image/webp' },
      { stickerMessage: { mimetype: 'image/webp' } },
    ],
    [
      'an image to be seen once',
      { kind: 'image', bytes: BYTES, mime: 'image/jpeg', viewOnce: true },
      { viewOnceMessageV2: { message: { imageMessage: { viewOnce: true } } } },
    ],
  ];

  test.each(rows)('reaches the client byte for byte: %s', async (_name, file, shown) => {
    const message = await arrives(account, file);
    expect(message.message).toMatchObject(shown);
    expect(await download(message)).toEqual(BYTES);
  });

  test('reaches it in groups of both addressings', async () => {
    for (const group of groups) {
      const message = await arrives(group, { kind: 'image', bytes: BYTES, mime: 'image/jpeg' });
      expect(message.key.remoteJid).toBe(group.jid);
      expect(await download(message)).toEqual(BYTES);
    }
  });

  test("is asked for again when it is gone, and uploaded anew by the account's phone", async () => {
    const message = await arrives(account, { kind: 'image', bytes: BYTES, mime: 'image/jpeg' });
    const path = message.message?.imageMessage?.directPath ?? '';
    sandbox.media.forget(path);
    await expect(download(message)).rejects.toThrow();
    // The client takes WhatsApp's own host for the new place unless it has asked for its media connection.
    await client.socket.refreshMediaConn();
    const updated = await client.socket.updateMediaMessage(message);
    expect(updated.message?.imageMessage?.directPath).not.toBe(path);
    expect(await download(updated)).toEqual(BYTES);
  });

  test.each<[string, Partial<FileToSend>, string]>([
    ['no bytes', { bytes: Buffer.alloc(0) }, 'a file has bytes'],
    ['no MIME type', { mime: 'picture' }, '"picture" is not a MIME type'],
    ['a name for an image', { fileName: 'a.jpg' }, 'image has no fileName'],
    ['a waveform that is too loud', { kind: 'voice', waveform: [101] }, 'up to 64 numbers'],
    ['half a second', { kind: 'audio', seconds: 0.5 }, 'seconds are counted whole'],
  ])('is refused with %s', async (_name, wrong, sentence) => {
    const file: FileToSend = { kind: 'image', bytes: BYTES, mime: 'image/jpeg', ...wrong };
    await expect(ann.sendFile(account, file)).rejects.toThrow(sentence);
  });
});

describe('a file the client sends', () => {
  async function shown(to: string, content: AnyMessageContent) {
    const sent = await client.socket.sendMessage(to, content);
    return ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
  }

  const rows: [string, AnyMessageContent, object][] = [
    ['image', { image: BYTES, caption: 'the bench', jpegThumbnail: '' }, { text: 'the bench' }],
    ['video', { video: BYTES, jpegThumbnail: '' }, {}],
    ['gif', { video: BYTES, gifPlayback: true, jpegThumbnail: '' }, {}],
    ['video note', { video: BYTES, ptv: true, jpegThumbnail: '' }, {}],
    ['audio', { audio: BYTES, mimetype: 'audio/mp4', seconds: 4 }, {}],
    ['voice', { audio: BYTES, ptt: true, mimetype: 'audio/ogg; codecs=opus', seconds: 4 }, {}],
    [
      'document',
      { document: BYTES, mimetype: 'application/pdf', fileName: 'plan.pdf', caption: 'the plan' },
      { text: 'the plan' },
    ],
    ['sticker', { sticker: BYTES }, {}],
    ['image', { image: BYTES, viewOnce: true, jpegThumbnail: '' }, { viewOnce: true }],
  ];

  test.each(rows)("is on the contact's screen byte for byte: %s", async (kind, content, more) => {
    const row = await shown(ann.jid, content);
    expect(row).toMatchObject({ kind, viewOnce: false, forwarded: false, quoted: null, ad: null, ...more });
    expect(await row.file()).toEqual(BYTES);
  });

  test('is there in groups of both addressings', async () => {
    for (const group of groups) {
      const row = await shown(group.jid, { document: BYTES, mimetype: 'application/pdf', fileName: 'plan.pdf' });
      expect(row).toMatchObject({ group: group.jid, kind: 'document' });
      expect(await row.file()).toEqual(BYTES);
    }
  });

  test('of five megabytes is the same both ways', async () => {
    const bytes = randomBytes(5_000_000);
    const row = await shown(ann.jid, { document: bytes, mimetype: 'application/zip', fileName: 'all.zip' });
    expect(bytes.equals(await row.file())).toBe(true);
    const { messageId } = await ann.sendFile(account, {
      kind: 'document',
      bytes,
      mime: 'application/zip',
      fileName: 'all.zip',
    });
    const message = await receives(client, 'the document', ({ key }) => key.id === messageId);
    expect(bytes.equals(await download(message))).toBe(true);
  });

  test('cannot be opened when it is gone, or there is none', async () => {
    const row = await shown(ann.jid, { document: BYTES, mimetype: 'application/pdf', fileName: 'plan.pdf' });
    sandbox.media.forget(row.content.documentMessage?.directPath ?? '');
    await expect(row.file()).rejects.toThrow('no file at');
    const text = await shown(ann.jid, { text: 'no file here' });
    expect(text).toMatchObject({ kind: 'text', text: 'no file here' });
    await expect(text.file()).rejects.toThrow('the message carries no file');
  });
});
