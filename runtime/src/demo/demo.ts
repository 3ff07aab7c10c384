/**
 * `npm run demo`: a sandbox and a runtime on loopback, a session linked by scanning its QR code with the sandbox's phone,
 * and a contact to talk with. With `--once` the round trip and one line of JSON; with `--n8n` an n8n with our nodes and
 * an echo workflow besides.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemoN8n } from './n8n.ts';
import { runOnce } from './once.ts';
import { Stage, type DemoTools } from './stage.ts';

export type { DemoTools } from './stage.ts';

const ACCOUNT = '15550100001';
const CONTACT = '15550100002';
const SESSION = 'demo';

/** Runs the demo until its end or the signal; gives the exit code. */
export async function runDemo(args: string[], tools: DemoTools): Promise<number> {
  const { values } = parseArgs({ args, options: { once: { type: 'boolean' }, n8n: { type: 'boolean' } } });
  if (values.once) {
    const result = await runOnce(tools);
    tools.print(JSON.stringify(result));
    return result.ok ? 0 : 1;
  }
  await show(tools, values.n8n ?? false);
  return 0;
}

async function show(tools: DemoTools, withN8n: boolean): Promise<void> {
  const { print, signal } = tools;
  const stage = await Stage.open(tools, { HUMANIZATION_PROFILE: 'fast' }, 0);
  let n8n: { stop(): Promise<void> } | null = null;
  try {
    await stage.startRuntime();
    await stage.link(SESSION, ACCOUNT);
    // With n8n the workflow answers; without it the contact does, so that something happens either way.
    const contact = stage.sandbox.contact(CONTACT, { name: 'Ann', readsAtOnce: true });
    if (!withN8n) contact.behave({ repliesWith: (text) => `You wrote: ${text}` });
    tell(stage, print);
    print(introduction(stage));
    if (withN8n) n8n = await startWorkflow(stage, tools);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    print('Stopping.');
    await n8n?.stop();
    await stage.close();
  }
}

/** What happens at the sandbox, as it happens. */
function tell({ sandbox }: Stage, print: (line: string) => void): void {
  sandbox.events.on('presence', ({ to, state }) => to && print(`  … the session is ${state}`));
  sandbox.events.on('message', ({ contact, text }) => print(`  ${contact.name} received: ${text}`));
}

const introduction = ({ url, apiKey, sandbox }: Stage) => `
A runtime and a sandbox are running on this machine; nothing leaves it.

  API          ${url}        (what it can do: ${url}/openapi.json)
  API key      ${apiKey}
  Session      "${SESSION}", just linked to +${ACCOUNT} by scanning its QR code with the sandbox's phone
  Contact      Ann, +${CONTACT}
  Sandbox      ${sandbox.controlUrl ?? ''}        (open it in a browser to write as Ann and see what she received)

Send Ann a message; it is typed as a person would, delivered and read:

  curl -s ${url}/messages/text -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"sessionId":"${SESSION}","to":"+${CONTACT}","text":"Hello Ann","waitFor":"read"}'

Write as Ann to the session:

  curl -s ${sandbox.controlUrl ?? ''}/contacts/${CONTACT}/say -H 'Content-Type: application/json' \\
    -d '{"to":"${ACCOUNT}","text":"Hello yourself"}'

Stop with Ctrl-C. What happens is shown here:
`;

async function startWorkflow(stage: Stage, tools: DemoTools) {
  const { print, signal, environment: env } = tools;
  const repository = join(import.meta.dirname, '..', '..', '..');
  print('Starting n8n; the first time it is downloaded into a cache folder, which takes some minutes.');
  const n8n = await runDemoN8n({
    connector: { url: stage.url, apiKey: stage.apiKey },
    repository,
    home: join(stage.directory, 'n8n'),
    env,
    log: (line) => print(`  n8n: ${line}`),
    signal,
  });
  print(`n8n is at ${n8n.url}; the echo workflow is at ${n8n.workflowUrl} and active: write as Ann and it answers.`);
  return n8n;
}
