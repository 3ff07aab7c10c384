/** `node test/support/install-n8n.ts`: gets the n8n that test/e2e drives into the user's cache folder. */
import { ensureN8n } from '../../runtime/src/demo/n8n-install.ts';

const { bin } = await ensureN8n({ env: process.env, log: (line) => process.stdout.write(`${line}\n`) });
process.stdout.write(`n8n is ready: ${bin}\n`);
