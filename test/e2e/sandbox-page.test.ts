/** The sandbox's page in a real browser: link, write as a contact, see what comes back, make something go wrong. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { settle } from '../../runtime/sandbox/residents.ts';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  loggedInClient,
  memoryAuth,
  next,
  receives,
  textOf,
  type WhatsAppClient,
} from '../support/baileys-client.ts';
import { findChromium, openBrowser, openPage } from '../support/browser.ts';
import { eventually } from '../support/deadline.ts';

const ACCOUNT = '15550100001';
const chromium = findChromium(process.env);
jest.setTimeout(60_000);

function inABrowser(): void {
  let sandbox: Sandbox;
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let client: WhatsAppClient;

  beforeAll(async () => {
    if (!chromium) throw new Error('there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH');
    sandbox = await startSandbox({ controlPort: 0 });
    settle(sandbox, () => undefined);
    browser = await openBrowser(chromium);
    ({ page, problems } = await openPage(browser, sandbox.controlUrl ?? ''));
  });

  afterAll(async () => {
    if (client) await disconnect(client);
    await browser?.close();
    await sandbox?.stop();
    expect(problems).toEqual([]);
    expect(sandbox?.unhandled).toEqual([]);
    expect(client?.complaints).toEqual([]);
  });

  const bubble = (text: string) => page.locator('#messages > li', { hasText: text });
  const write = async (text: string) => {
    await page.fill('#composer [name=text]', text);
    await page.click('#composer button:text("Send")');
  };

  test('the account is linked with the text of a QR code', async () => {
    const pairing = connectClient(sandbox, memoryAuth());
    const closed = next(pairing, 'close');
    const [qr] = await next(pairing, 'qr');
    await page.fill('#link-form [name=code]', 'something else');
    await page.click('#link-form button');
    await page.waitForSelector('#trouble:not([hidden])');
    expect(await page.textContent('#trouble')).toContain('not a WhatsApp linking QR code');
    await page.fill('#link-form [name=code]', qr);
    await page.click('#link-form button');
    await closed;
    client = await loggedInClient(sandbox, pairing.auth);
    await page.waitForSelector(`#accounts .online:text("+${ACCOUNT}")`);
    expect(await page.isHidden('#trouble')).toBe(true);
    // The refusal is what the browser itself calls an error.
    expect(problems.splice(0)).toEqual([expect.stringContaining('400')]);
  });

  test('what is written as Ann arrives, and the answer shows, as text and nothing else', async () => {
    await write('Is <b>anybody</b> there?');
    const asked = await receives(client, 'the question', (message) => textOf(message).startsWith('Is <b>'));
    await client.socket.readMessages([asked.key]);
    await bubble('Is <b>anybody</b> there?').locator('.about:has-text("read")').waitFor();
    await client.socket.sendPresenceUpdate('composing', String(asked.key.remoteJid));
    await page.waitForSelector(`#typing:text("+${ACCOUNT} is composing…")`);
    const answer = await client.socket.sendMessage(String(asked.key.remoteJid), {
      text: '<img src=x onerror=alert(1)>',
    });
    await bubble('<img src=x').waitFor();
    expect(await page.locator('#messages img').count()).toBe(0);

    await bubble('<img src=x').getByText('👍').click();
    await bubble('<img src=x').locator('.reactions').waitFor();
    await receives(client, 'the reaction', ({ message }) => message?.reactionMessage?.key?.id === answer?.key.id);
    await bubble('<img src=x').getByText('Answer').click();
    await write('Nice try');
    const reply = await receives(client, 'the reply', (message) => textOf(message) === 'Nice try');
    expect(reply.message?.extendedTextMessage?.contextInfo?.stanzaId).toBe(answer?.key.id);
  });

  test('a file goes out, and its picture shows', async () => {
    await page.setInputFiles('#composer [name=file]', { name: 'dot.png', mimeType: 'image/png', buffer: DOT });
    await write('A dot');
    const picture = await receives(client, 'the picture', ({ message }) => Boolean(message?.imageMessage));
    expect(picture.message?.imageMessage?.caption).toBe('A dot');
    // Its bubble is made anew when the receipt comes.
    await bubble('A dot').locator('.about:has-text("✓✓")').waitFor();
    const shown = bubble('A dot').locator('img');
    await shown.scrollIntoViewIfNeeded();
    await eventually(
      10_000,
      'the picture drawn',
      () => shown.evaluate((image) => image.naturalWidth),
      (width) => width === 1,
    );
  });

  test('a fault is begun, shown and stopped', async () => {
    await page.selectOption('#fault-form [name=name]', 'slow');
    await page.click('#fault-form button');
    await page.waitForSelector('#faults li:has-text("slow")');
    expect(sandbox.trouble.active.size).toBe(1);
    if (process.env.SCREENSHOT) writeFileSync(process.env.SCREENSHOT, await page.screenshot());
    await page.click('#faults button');
    await page.waitForSelector('#faults li', { state: 'detached' });
    expect(sandbox.trouble.active.size).toBe(0);
  });
}

const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const title = "the sandbox's page in a browser";
if (chromium || process.env.REQUIRE_ALL === '1') describe(title, inABrowser);
else test.skip(`${title} (no Chromium: install it, or set CHROMIUM_PATH)`, () => undefined);
