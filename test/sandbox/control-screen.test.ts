import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { controlCaller, rowOverHttp } from '../support/control-call.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

const ACCOUNT = '15550100001';
const ANN = '15550100011';
let sandbox: Sandbox;
let client: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample', controlPort: 0 });
  trustMediaHost(sandbox);
  sandbox.contact(ANN);
  client = await linkedClient(sandbox, sandbox.account(ACCOUNT));
});

afterAll(() => endLinkedClient({ sandbox, client }));

const ann = () => sandbox.contact(ANN);
const call = controlCaller(() => sandbox.controlUrl);
const asAnn = (act: string, body: object) => call('POST', `/contacts/${ANN}/${act}`, body);

/** Ann's row of a message the client sent, as soon as `passes` holds for it. */
const row = (id: unknown, passes?: (row: Record<string, unknown>) => boolean) =>
  rowOverHttp(call, { phone: ANN, id }, passes);

describe('a screen over HTTP', () => {
  test('says of each message its kind, what it answers, and what was done to it', async () => {
    const { messageId } = (await asAnn('say', { to: ACCOUNT, text: 'tea or coffee?' })).body;
    const question = await receives(client, 'the question', ({ key }) => key.id === messageId);
    const sent = await client.socket.sendMessage(ann().jid, { text: 'tee' }, { quoted: question });
    if (!sent?.key) throw new Error('nothing was sent');
    await client.socket.sendMessage(ann().jid, { text: 'tea', edit: sent.key });
    expect(await row(sent.key.id, ({ edited }) => edited === true)).toMatchObject({
      ...{ messageId: sent.key.id, kind: 'text', text: 'tea', from: ACCOUNT, group: null, arrivals: 1 },
      ...{ receivedAt: expect.any(String), edited: true, deleted: false, reactions: [], poll: null, file: null },
      quoted: { messageId, author: expect.stringContaining('@'), text: 'tea or coffee?' },
      ...{ forwarded: false, viewOnce: false, ad: null, disappearsAfter: 0, location: null, cards: [], mentions: [] },
    });
    await client.socket.sendMessage(ann().jid, { delete: sent.key });
    expect(await row(sent.key.id, ({ deleted }) => deleted === true)).toMatchObject({ text: '' });
  });

  test('shows with own=true what the contact wrote, with the receipts that came back', async () => {
    const { messageId } = (await asAnn('say', { to: ACCOUNT, text: 'from my side' })).body;
    const received = ({ receipts }: Record<string, unknown>) => (receipts as object[]).length > 0;
    expect(await rowOverHttp(call, { phone: ANN, id: messageId, own: true }, received)).toMatchObject({
      ...{ own: true, chat: ACCOUNT, text: 'from my side' },
      receipts: [expect.objectContaining({ kind: 'delivered', deviceId: 1 })],
    });
    const { screen } = (await call('GET', `/contacts/${ANN}/screen`)).body;
    expect(screen).not.toContainEqual(expect.objectContaining({ messageId }));
    expect((await call('GET', `/contacts/${ANN}/screen?own=yes`)).status).toBe(400);
  });

  test('gives places and cards', async () => {
    const location = { degreesLatitude: 47.37, degreesLongitude: 8.54, name: 'Station' };
    const placed = await client.socket.sendMessage(ann().jid, { location });
    expect(await row(placed?.key.id)).toMatchObject({
      kind: 'location',
      location: { latitude: 47.37, longitude: 8.54, name: 'Station', address: null, live: false },
    });
    const contacts = { displayName: 'Ben', contacts: [{ displayName: 'Ben', vcard: 'BEGIN:VCARD\nEND:VCARD' }] };
    const carded = await client.socket.sendMessage(ann().jid, { contacts });
    expect(await row(carded?.key.id)).toMatchObject({ cards: [{ name: 'Ben', vcard: 'BEGIN:VCARD\nEND:VCARD' }] });
  });

  test('gives the bytes of a file, and never as a page that could run here', async () => {
    const html = Buffer.from('<script>alert(1)</script>');
    const fileName = "Ben's plan é.html";
    const sent = await client.socket.sendMessage(ann().jid, { document: html, mimetype: 'text/html', fileName });
    const { status, body } = await call('GET', `/contacts/${ANN}/wait?kind=document&timeout=10`);
    expect([status, body['messageId']]).toEqual([200, sent?.key.id]);
    expect(body['file']).toEqual({ mimetype: 'text/html', bytes: html.length, fileName });
    const response = await fetch(`${sandbox.controlUrl}/contacts/${ANN}/files/${sent?.key.id}`);
    expect(html.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': "attachment; filename*=UTF-8''Ben%27s%20plan%20%C3%A9.html",
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    });
  });

  test('gives a picture to be shown, and a file with a type that is none as bytes', async () => {
    const shown = async (mimetype: string) => {
      const sent = await client.socket.sendMessage(ann().jid, { document: Buffer.from('x'), mimetype });
      await row(sent?.key.id);
      const { headers } = await fetch(`${sandbox.controlUrl}/contacts/${ANN}/files/${sent?.key.id}`);
      return [headers.get('content-type'), headers.get('content-disposition')];
    };
    expect(await shown('image/png')).toEqual(['image/png', expect.stringMatching(/^inline/)]);
    expect(await shown('a\r\nset-cookie: b=c')).toEqual([
      'application/octet-stream',
      expect.stringMatching(/^attachment/),
    ]);
  });

  test('has no file where there is none, or where it is gone', async () => {
    const sent = await client.socket.sendMessage(ann().jid, { text: 'no file' });
    await row(sent?.key.id);
    const ask = (id: string | null | undefined) => call('GET', `/contacts/${ANN}/files/${id}`);
    const refused = (sentence: string) => ({ status: 404, body: { error: expect.stringContaining(sentence) } });
    expect(await ask(sent?.key.id)).toEqual(refused('carries no file'));
    expect(await ask('ABC')).toEqual(refused('is not on the screen'));
    const gone = await client.socket.sendMessage(ann().jid, { document: Buffer.from('x'), mimetype: 'text/plain' });
    await row(gone?.key.id);
    sandbox.media.forget(gone?.message?.documentMessage?.directPath ?? '');
    expect(await ask(gone?.key.id)).toEqual(refused('no file at'));
  });

  test('is waited for by words, kind or both, but not by neither', async () => {
    expect((await call('GET', `/contacts/${ANN}/wait?timeout=1`)).body).toEqual({
      error: expect.stringContaining('text, kind or both'),
    });
    expect((await call('GET', `/contacts/${ANN}/wait?text=tea&kind=image&timeout=0`)).status).toBe(408);
  });
});

test('the routes are listed, and what is not there says so', async () => {
  const { body } = await call('GET', '/routes');
  const listed = body['routes'] as { method: string; path: string; about: string; fields: object }[];
  expect(listed).toContainEqual({
    ...{ method: 'POST', path: '/contacts/:phone/edit', about: expect.stringContaining('changes the words') },
    fields: { messageId: { type: 'string', required: true }, text: { type: 'string', required: true } },
  });
  expect(body['contents']).toMatchObject({ sticker: { data: { type: 'string', required: true } } });
  expect(new Set(listed.map(({ method, path }) => `${method} ${path}`)).size).toBe(listed.length);
  for (const { about } of listed) expect(about).toMatch(/^[A-Z].*\.$/);
  const lost = { error: expect.stringContaining('GET /routes lists what there is') };
  expect(await call('GET', '/contact')).toEqual({ status: 404, body: lost });
  expect(await call('POST', '/routes', {})).toEqual({ status: 405, body: lost });
  expect((await call('GET', '/contacts/%E0%A4%A/screen')).status).toBe(400);
});
