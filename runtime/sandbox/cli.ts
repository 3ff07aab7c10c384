/** `whatsapp-runtime sandbox`: the sandbox as a process of its own. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox.ts';

const USAGE = `whatsapp-runtime sandbox [--port <n>] [--control-port <n>] [--ample-pre-keys]
  --port          where clients connect; any free port when not given
  --control-port  where it is steered over HTTP; any free port when not given
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
  print(`WhatsApp sandbox at ${sandbox.url}`);
  print(`Steered at ${sandbox.controlUrl ?? ''}`);
  print('Give the runtime these two settings to make it use the sandbox:');
  print(`WHATSAPP_WS_URL=${sandbox.url}`);
  print(`WHATSAPP_ROOT_KEY=${sandbox.rootKey}`);
  if (!signal.aborted) await once(signal, 'abort');
  await sandbox.stop();
}
