/** `npm run docs:images`: copies the README's pictures from what the browser test saw. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = ['credential-works', 'qr-code', 'message-received', 'message-sent', 'failure'];
const FOLDER = join(process.cwd(), 'docs', 'images');

mkdirSync(FOLDER, { recursive: true });
for (const name of SHOWN) {
  copyFileSync(join(process.cwd(), 'output', 'editor', `${name}.png`), join(FOLDER, `${name}.png`));
}
