/** `whatsapp-runtime sandbox`: the sandbox as a process of its own. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

const USAGE = `whatsapp-runtime sandbox [--port <n>] [--control-port <n>] [--media-ca <file>] [--ample-pre-keys]
  --port          where clients connect; any free port when not given
  --control-port  where it is steered over HTTP; any free port when not given
  --media-ca      where to write the certificate that whoever sends or receives files must trust
  --ample-pre-keys  clients link without making hundreds of one-time keys: for load tests`;

function portOf(name: string, value: string | undefined): number {
  const port = Number(value ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--${name} must be a port number\n${USAGE}`);
  return port;
}

/** Runs a sandbox until the signal fires, telling through `print` where it is. Throws with the usage on bad arguments. */
export async function runSandbox(args: string[], signal: AbortSignal, print: (line: string) => void): Promise<void> {
  const options = {
    port: { type: 'string' },
    'control-port': { type: 'string' },
    'media-ca': { type: 'string' },
    'ample-pre-keys': { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options, strict: true });
  if (values.help) return print(USAGE);
  const port = portOf('port', values.port);
  const controlPort = portOf('control-port', values['control-port']);
  const sandbox = await startSandbox({
    port,
    controlPort,
    log: print,
    preKeyStock: values['ample-pre-keys'] ? 'ample' : 'counted',
  });
  try {
    await introduce(sandbox, values['media-ca'], print);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await sandbox.stop();
  }
}

/** Says where everything is and how a runtime is made to use it. */
async function introduce(sandbox: Sandbox, mediaCa: string | undefined, print: (line: string) => void): Promise<void> {
  print(`WhatsApp sandbox at ${sandbox.url}`);
  print(`Steered at ${sandbox.controlUrl ?? ''}`);
  print('Give the runtime these settings to make it use the sandbox:');
  print(`WHATSAPP_WS_URL=${sandbox.url}`);
  print(`WHATSAPP_ROOT_KEY=${sandbox.rootKey}`);
  if (mediaCa === undefined) return;
  await writeFile(mediaCa, sandbox.mediaCa);
  print(`NODE_EXTRA_CA_CERTS=${resolve(mediaCa)}`);
}
