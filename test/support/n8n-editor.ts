/** n8n's editor in a browser, driven as a person drives it; pictures of it are kept in output/editor. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import decodeQR from 'qr/decode.js';
import sharp from 'sharp';
import type { N8n } from '../../runtime/src/demo/n8n.ts';
import { eventually } from './deadline.ts';

const PICTURES = join(process.cwd(), 'output', 'editor');
/** The editor's own code is some megabytes, and the machine may run other tests. */
const PATIENCE_MS = 40_000;

/** n8n asks for a description of every node's output, and most nodes, its own too, have none. */
const SCHEMA = /\/schemas\/.*\.json$/;

/** Empty when there is none to be read. */
async function readQrCode(file: string): Promise<string> {
  const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  try {
    return decodeQR({ data, width: info.width, height: info.height }, { effort: 3, timeLimit: 2_000 });
  } catch {
    return '';
  }
}

const testId = (id: string) => `[data-test-id="${id}"]`;

export class Editor {
  readonly page: Page;
  /** What went wrong in the page, other than what it asked of hosts outside, which get no answer here. */
  readonly problems: string[] = [];
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      const from = message.location().url;
      if (message.type() === 'error' && !this.#isOutside(from) && !SCHEMA.test(from))
        this.problems.push(`${message.text()} (${from})`);
    });
    mkdirSync(PICTURES, { recursive: true });
  }

  /** A window signed in as the owner, out of which nothing leaves the machine. */
  static async open(browser: Browser, { url, client }: N8n): Promise<Editor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const [name = '', value = ''] = client.cookie.split('=');
    await context.addCookies([{ name, value, url }]);
    await context.route(
      ({ origin, protocol }) => protocol.startsWith('http') && origin !== url,
      (route) => route.abort(),
    );
    return new Editor(await context.newPage(), url);
  }

  #isOutside = (address: string): boolean => /^https?:/.test(address) && new URL(address).origin !== this.#url;

  /** The canvas of a workflow, or an empty one. */
  async openWorkflow(id = 'new'): Promise<void> {
    await this.page.goto(`${this.#url}/workflow/${id}`, { waitUntil: 'commit', timeout: PATIENCE_MS });
    await this.at(id === 'new' ? 'canvas-add-button' : 'canvas-node')
      .first()
      .waitFor();
  }

  #node = (name: string): Locator => this.page.locator(`${testId('canvas-node')}[data-node-name="${name}"]`);

  /** Whatever the editor marks with this id. */
  at = (id: string): Locator => this.page.locator(testId(id));

  /** The field of a parameter of the open node or credential. */
  field = (parameter: string): Locator => this.at(`parameter-input-${parameter}`).locator('input, textarea').first();

  /** Looks for a node in the panel, and takes one of its actions; its parameters are open then. */
  async addNode(node: string, action: string): Promise<void> {
    const first = this.at('canvas-plus-button');
    await ((await first.count()) > 0 ? first : this.at('node-creator-plus-button')).click();
    await this.at('node-creator-search-bar').fill('whatsapp connector');
    await this.page
      .locator(testId('node-creator-action-item'), { has: this.page.getByText(node, { exact: true }) })
      .click();
    await this.at('node-creator').getByText(action, { exact: true }).click();
    await this.at('node-parameters').waitFor();
  }

  async openNode(name: string): Promise<void> {
    await this.#node(name).dblclick();
    await this.at('node-parameters').waitFor();
  }

  async closeNode(): Promise<void> {
    await this.at('ndv-close-button').click();
    await this.at('ndv').waitFor({ state: 'hidden' });
  }

  /** Takes what a searchable list offers. */
  async choose(parameter: string, entry: string): Promise<void> {
    await this.at(`resource-locator-${parameter}`).locator(testId('rlc-input')).click();
    await this.page.locator(testId('rlc-item'), { hasText: entry }).click();
  }

  /** Resolves when a node of an execution on the canvas is done. */
  async succeeded(node: string): Promise<void> {
    await this.#node(node).locator(testId('canvas-node-status-success')).waitFor();
  }

  /** What the open node gave, as JSON. */
  async output(): Promise<string> {
    const panel = this.at('output-panel');
    await panel.locator(testId('radio-button-json')).click();
    return (await panel.locator('.json-data').textContent()) ?? '';
  }

  /** Writes into a searchable list whose mode is not "From list". */
  async write(parameter: string, value: string): Promise<void> {
    await this.at(`resource-locator-${parameter}`)
      .locator(`${testId('rlc-input')} input, input${testId('rlc-input')}`)
      .fill(value);
  }

  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
  }

  /** What the QR code on the screen says, read off the screen as a phone does; keeps the picture. */
  async qrCode(name: string): Promise<string> {
    return await eventually(
      PATIENCE_MS,
      'a QR code on the screen',
      async () => {
        await this.picture(name);
        return await readQrCode(join(PICTURES, `${name}.png`));
      },
      (code) => code !== '',
    );
  }
}
