/** The Chromium of this machine, for tests of what people see. Playwright drives it and brings no browser of its own. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where Chromium is: CHROMIUM_PATH, or the first on the PATH; null when there is none. */
export function findChromium(env: NodeJS.ProcessEnv): string | null {
  const candidates = (env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...(env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : []), ...candidates].find(isProgram);
  return found ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A page that notes whatever goes wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  readonly problems: string[];
}

/** Starts a browser with nothing in it; end it with `close()`. */
export function openBrowser(executablePath: string): Promise<Browser> {
  // In containers tests run as root, where Chromium's sandbox cannot start.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.setDefaultTimeout(10_000);
  await page.goto(url);
  return { page, problems };
}
