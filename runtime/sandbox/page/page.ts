/** The page at `/`: files a browser is given, and nothing else of this folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = new Map([
  ['/', { file: 'index.html', type: 'text/html; charset=utf-8' }],
  ...['app', 'server', 'show'].map(
    (name) => [`/${name}.js`, { file: `${name}.js`, type: 'text/javascript; charset=utf-8' }] as const,
  ),
  ['/style.css', { file: 'style.css', type: 'text/css; charset=utf-8' }],
]);

export interface PageFile {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The file of the page at a path; null where there is none. */
export async function pageFile(path: string): Promise<PageFile | null> {
  const found = FILES.get(path);
  if (!found) return null;
  const headers = {
    'content-type': found.type,
    'cache-control': 'no-cache',
    // What people write to each other is shown here: nothing but the page's own files may run or be asked.
    'content-security-policy': "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  };
  return { headers, body: await readFile(join(import.meta.dirname, found.file)) };
}
