#!/usr/bin/env node
/** The process: command -> configuration -> start -> signals -> exit. The only file that touches `process`. */
import manifest from '../package.json' with { type: 'json' };
import { runSandbox, UsageError } from '../sandbox/cli.ts';
import { startApp } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';
import { runDemo } from './demo/demo.ts';
import { CannotStart } from './errors.ts';
import { rekey } from './keyring.ts';
import { closeConsole, createLog } from './log.ts';
import { runMigration } from './migration.ts';

const USAGE = `whatsapp-runtime [serve]            run the connector; configured by the environment, see docs/configuration.md
whatsapp-runtime rekey               seal what is kept with a new key: ENCRYPTION_KEY, or a new key file without it
whatsapp-runtime migrate redis|directory  move all sessions to the Redis of REDIS_URL, or back to SESSIONS_DIR
whatsapp-runtime sandbox [options]  run a WhatsApp server on this machine to build against without a phone
whatsapp-runtime demo [--once|--n8n]  sandbox and runtime together, linked and ready to try`;

const SANDBOX_WARNING =
  'this runtime talks to a SANDBOX on this machine, not to WhatsApp: no message reaches a real person. ' +
  'Unset WHATSAPP_WS_URL and WHATSAPP_ROOT_KEY to use WhatsApp';

const print = (line: string) => void process.stdout.write(`${line}\n`);
/** The first signal asks for an orderly end, the second forces it. */
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => (stopping.signal.aborted ? process.exit(1) : stopping.abort()));
}

async function serve(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  // One session's defect must not end the others'; each is contained where it arises, this is the net below.
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
  // Not in good order: another runtime may have the same WhatsApp accounts open by now.
  const onLost = () => {
    process.stderr.write('This runtime does not hold its sessions any more, see the log; it ends.\n');
    process.exit(1);
  };
  const app = await startApp({ config, log, version: manifest.version, onLost });
  if (config.whatsappWsUrl !== undefined) log.warn({ sandbox: config.whatsappWsUrl }, SANDBOX_WARNING);
  if (config.apiKey === undefined) print(`The API key of this run: ${app.apiKey}`);
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
  log.info('stopping');
  await app.stop();
}

async function run([command = 'serve', ...args]: string[]): Promise<number> {
  switch (command) {
    case 'serve':
      await serve();
      return 0;
    case 'rekey':
      print(await rekey(loadConfig(process.env)));
      return 0;
    case 'migrate':
      print(await runMigration(args, loadConfig(process.env), print));
      return 0;
    case 'sandbox':
      return await runSandbox(args, stopping.signal, print);
    case 'demo':
      return await runDemo(args, {
        print,
        signal: stopping.signal,
        environment: process.env,
        // The demo runs the runtime as users do: a process of its own, that can be ended and started again.
        runtimeCommand: [process.execPath, import.meta.filename, 'serve'],
      });
    default:
      print(USAGE);
      return command === 'help' || command === '--help' ? 0 : 2;
  }
}

closeConsole();
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const forPeople = [ConfigError, CannotStart, UsageError].some((kind) => error instanceof kind);
  const shown = error instanceof Error ? (forPeople ? error.message : error.stack) : String(error);
  process.stderr.write(`${shown}\n`);
  process.exitCode = 1;
}
// The client library leaves a timer of up to 30 s behind; everything of ours has ended by now.
process.exit();
