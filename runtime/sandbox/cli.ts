/** `whatsapp-runtime sandbox`: the sandbox as a process of its own. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { settle } from './residents.ts';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';
import { listScenarios, loadScenario, runScenario, ScenarioError } from './scenarios/scenarios.ts';
import type { Scenario, StepReport } from './scenarios/scenarios.ts';

const ACCOUNT = '15550100001';

const USAGE = `whatsapp-runtime sandbox [options]
  --port <n>          where clients connect; any free port when not given
  --control-port <n>  where its page is, and where it is steered over HTTP; any free port when not given
  --media-ca <file>   where to write the certificate that whoever sends or receives files must trust
  --empty             nobody lives there; without it Ann, Echo and Chatty do
  --scenario <file>   plays a scenario, by file or by the name of a ready-made one, as soon as the account is online,
                      then ends: with code 0 when all went as written, else with 1
  --account <phone>   the account a scenario is played with; ${ACCOUNT} when not given
  --list-scenarios    names the ready-made scenarios
  --ample-pre-keys    clients link without making hundreds of one-time keys: for load tests`;

const OPTIONS = {
  port: { type: 'string', default: '0' },
  'control-port': { type: 'string', default: '0' },
  'media-ca': { type: 'string' },
  empty: { type: 'boolean', default: false },
  scenario: { type: 'string' },
  account: { type: 'string', default: ACCOUNT },
  'list-scenarios': { type: 'boolean', default: false },
  'ample-pre-keys': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Print = (line: string) => void;
type Values = ReturnType<typeof read>;

/** Arguments, or a scenario, that cannot be used. The message says what is wrong and what is allowed. */
export class UsageError extends Error {}

/**
 * Runs a sandbox until the signal fires or its scenario has been played, telling through `print` where it is and what
 * happens. Resolves with the exit code. Rejects with a UsageError before anything has started.
 */
export async function runSandbox(args: string[], signal: AbortSignal, print: Print): Promise<number> {
  const values = read(args);
  if (values.help) print(USAGE);
  else if (values['list-scenarios']) for (const { name, about } of await listScenarios()) print(`${name}: ${about}`);
  else return run(values, await scenarioIn(values), signal, print);
  return 0;
}

function read(args: string[]) {
  try {
    const { values } = parseArgs({ args, options: OPTIONS, strict: true });
    const ports = { port: portOf('port', values.port), controlPort: portOf('control-port', values['control-port']) };
    if (!/^[1-9]\d{4,14}$/.test(values.account)) throw new Error('--account must be a phone number of 5 to 15 digits');
    return { ...values, ...ports };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function portOf(name: string, value: string): number {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--${name} must be a port number`);
  return port;
}

async function scenarioIn({ scenario }: Values): Promise<Scenario | null> {
  try {
    return scenario === undefined ? null : await loadScenario(scenario);
  } catch (error) {
    throw error instanceof ScenarioError ? new UsageError(error.message) : error;
  }
}

async function run(values: Values, scenario: Scenario | null, signal: AbortSignal, print: Print): Promise<number> {
  const { port, controlPort, empty } = values;
  const preKeyStock = values['ample-pre-keys'] ? 'ample' : 'counted';
  const sandbox = await startSandbox({ port, controlPort, log: print, preKeyStock });
  try {
    if (!empty) settle(sandbox, print);
    await introduce(sandbox, values['media-ca'], print);
    if (scenario) return await play(sandbox, scenario, values.account, signal, print);
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } finally {
    await sandbox.stop();
  }
}

/** Says where everything is and how a runtime is made to use it. */
async function introduce(sandbox: Sandbox, mediaCa: string | undefined, print: Print): Promise<void> {
  print(`WhatsApp sandbox at ${sandbox.url}`);
  print(`Steered at ${sandbox.controlUrl ?? ''}`);
  print('Open that address in a browser to link accounts and to write as the people in it.');
  print('Give the runtime these settings to make it use the sandbox:');
  print(`WHATSAPP_WS_URL=${sandbox.url}`);
  print(`WHATSAPP_ROOT_KEY=${sandbox.rootKey}`);
  if (mediaCa === undefined) return;
  await writeFile(mediaCa, sandbox.mediaCa);
  print(`NODE_EXTRA_CA_CERTS=${resolve(mediaCa)}`);
}

async function play(sandbox: Sandbox, scenario: Scenario, account: string, signal: AbortSignal, print: Print) {
  if (!sandbox.account(account).isOnline()) {
    print(`${scenario.name} begins when the account ${account} is online; link it now.`);
    await online(sandbox, account, signal);
    if (signal.aborted) return 1;
  }
  const report = await runScenario(sandbox, scenario, { account, signal, onStep: (step) => print(lineFor(step)) });
  print(report.ok ? `${scenario.name}: all went as written.` : `${scenario.name}: failed.`);
  return report.ok ? 0 : 1;
}

/** Resolves when the account is online, or the signal fires. */
async function online({ account, events }: Sandbox, phone: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !account(phone).isOnline()) {
    await once(events, 'login', { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

const lineFor = ({ line, what, ok, milliseconds, problem }: StepReport): string =>
  `  ${ok ? 'ok  ' : 'FAIL'} line ${line}: ${what} (${milliseconds} ms)${problem === undefined ? '' : `: ${problem}`}`;
