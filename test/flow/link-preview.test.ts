/** Texts with a web address in them show its page when that is asked for. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { openProxy, type Contact, type Proxy } from '../../runtime/sandbox/sandbox.ts';
import { startFileHost, type FileHost } from '../support/file-host.ts';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;
let flow: Flow;
let receiver: Receiver;
let host: FileHost;
let proxy: Proxy;
let ann: Contact;
let nextPhone = 15_550_100_801;

const page = (head: string, body = '<p>words</p>') =>
  Buffer.from(`<!doctype html><html><head>${head}</head><body>${body}</body></html>`);
const meta = (name: string, content: string) => `<meta property="og:${name}" content="${content}">`;
const PAGES = {
  'shop.html': page(
    `<title>Shop</title>${meta('title', 'Chairs &amp; benches')}${meta('description', 'Made  of\noak')}${meta('image', '/bench.jpg')}`,
  ),
  'plain.html': page(
    '<title>Only\n a title</title><meta name="description" content="and words">',
    `<meta property="og:title" content="not this">`,
  ),
  'picture.html': page(`${meta('title', 'No picture')}${meta('image', 'http://10.0.0.1/secret.jpg')}`),
  'nothing.html': page(''),
  'long.html': page(`${meta('title', 'Long')}`, 'x'.repeat(2_000_000)),
  'bench.jpg': SAMPLES.jpeg,
};

beforeAll(async () => {
  receiver = await startReceiver();
  host = await startFileHost(PAGES);
  proxy = await openProxy({ kind: 'http' });
  flow = await startFlow();
  await flow.link('sales', PHONE, { webhookUrl: receiver.url, proxyUrl: proxy.url });
}, 60_000);
afterAll(async () => {
  await flow.end();
  await proxy.close();
  await host.close();
  await receiver.stop();
}, 30_000);

async function shown(text: string, what: object = { linkPreview: true }) {
  ann = flow.sandbox.contact(String(nextPhone++));
  const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
  const { status, body } = await flow.call('POST', '/messages/text', {
    sessionId: 'sales',
    to: ann.phone,
    text,
    ...what,
  });
  expect([status, body.error]).toEqual([202, undefined]);
  const row = await ann.waitForMessage((each) => each.messageId === body.data.messageId, DEADLINE_MS);
  expect(row.text).toBe(text);
  return row.content.extendedTextMessage;
}

describe('a text with a web address', () => {
  test("shows its page's title, words and picture, fetched through the session's proxy", async () => {
    const before = proxy.destinations.get(new URL(host.url).host)?.connections ?? 0;
    const message = await shown(`Look (${host.url}/shop.html)!`);
    expect(message).toMatchObject({
      matchedText: `${host.url}/shop.html`,
      title: 'Chairs & benches',
      description: 'Made of oak',
    });
    const small = await sharp(Buffer.from(message?.jpegThumbnail ?? [])).metadata();
    expect([small.format, small.width, small.height]).toEqual(['jpeg', 64, 48]);
    expect(proxy.destinations.get(new URL(host.url).host)?.connections).toBeGreaterThan(before);
  });

  test('shows the title of a page that says no more, and nothing of what its body says', async () => {
    expect(await shown(`${host.url}/plain.html`)).toMatchObject({ title: 'Only a title', description: 'and words' });
  });

  test('shows a page without the picture that leads into a private network', async () => {
    const message = await shown(`${host.url}/picture.html`);
    expect(message).toMatchObject({ title: 'No picture' });
    expect(message?.jpegThumbnail ?? []).toHaveLength(0);
  });

  test('shows a page of any length, of which the beginning is read', async () => {
    expect(await shown(`${host.url}/long.html`)).toMatchObject({ title: 'Long' });
  });

  test.each([
    ['says nothing', () => `${host.url}/nothing.html`],
    ['is not there', () => `${host.url}/missing.html`],
    ['is a picture', () => `${host.url}/bench.jpg`],
    ['is in a private network', () => 'http://192.168.0.1/admin'],
    ['cannot be reached', () => 'http://127.0.0.1:1/'],
  ])('whose page %s is sent all the same', async (_what, address) => {
    const message = await shown(`see ${address()}`);
    expect(message?.title ?? '').toBe('');
  });

  test('shows nothing unless it is asked for', async () => {
    const before = host.asked.length;
    expect((await shown(`${host.url}/shop.html?quiet`, {}))?.title ?? '').toBe('');
    expect((await shown('no address here', { linkPreview: true }))?.title ?? '').toBe('');
    expect(host.asked).toHaveLength(before);
  });
});
