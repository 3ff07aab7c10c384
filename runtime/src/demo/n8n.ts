/** A real n8n with this package in it, in a process and a home folder of its own, for the demo and the tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { N8nClient, type NewWorkflow } from './n8n-client.ts';
import { ensureN8n, runToEnd, type Env, type InstallOptions, type N8nInstall } from './n8n-install.ts';

const PACKAGE = 'n8n-nodes-eldoleado-whatsapp';
const CREDENTIAL_TYPE = 'whatsAppConnectorApi';
/** The first start runs all of n8n's migrations; a busy machine takes its time over them. */
const START_DEADLINE_MS = 180_000;
const STOP_GRACE_MS = 10_000;
/** Settings of an n8n the user runs otherwise must not leak into this one. */
const FOREIGN_SETTING = /^(N8N_|DB_|EXECUTIONS_|QUEUE_|CREDENTIALS_|GENERIC_|WEBHOOK_URL|NODE_OPTIONS|NODE_ENV)/;

export interface N8nOptions {
  install: N8nInstall;
  /** An empty folder for everything n8n keeps. */
  home: string;
  /** Our package, as `npm pack` makes it. */
  tarball: string;
  env: Env;
  /** 0 or absent: any free port. */
  port?: number;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

export interface N8n {
  readonly url: string;
  /** Signed in as the owner. */
  readonly client: N8nClient;
  stop(): Promise<void>;
  /** Begins again where `stop` left it, with all it had. */
  start(): Promise<void>;
}

export interface Connector {
  /** Where the runtime's API listens. */
  url: string;
  apiKey: string;
}

export interface DemoN8nOptions extends InstallOptions {
  connector: Connector;
  /** The repository, whose nodes are built and installed into n8n. */
  repository: string;
  /** A folder for n8n's data; made empty first. */
  home: string;
  port?: number;
}

export interface DemoN8n extends N8n {
  /** The echo workflow in the editor. */
  workflowUrl: string;
}

/** Everything from nothing: n8n installed, our package in it, an owner, the credential and the echo workflow, running. */
export async function runDemoN8n(options: DemoN8nOptions): Promise<DemoN8n> {
  const { connector, env, home, log, port, repository, signal } = options;
  const install = await ensureN8n({ env, log, signal });
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  await runToEnd('npm', ['run', 'build'], { cwd: repository, env, log: () => undefined, signal });
  const tarball = await packNodes(repository, home, env);
  const n8n = await startN8n({ install, home, tarball, env, port, signal });
  try {
    const workflow = await n8n.client.createWorkflow(await echoWorkflow(n8n.client, connector));
    await n8n.client.publish(workflow);
    const { email, password } = n8n.client.owner;
    log(`Sign in at ${n8n.url} as ${email} with the password ${password}`);
    return { ...n8n, workflowUrl: `${n8n.url}/workflow/${workflow.id}` };
  } catch (error) {
    await n8n.stop();
    throw error;
  }
}

/** Packs the built nodes as npm would publish them and returns the tarball's path. */
export async function packNodes(repository: string, destination: string, env: Env): Promise<string> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const output = await runToEnd('npm', args, { cwd: repository, env, log: () => undefined });
  const filename = /"filename":\s*"([^"]+)"/.exec(output)?.[1];
  if (!filename) throw new Error(`npm pack did not say what it made:\n${output}`);
  return join(destination, filename);
}

/** The credential and the workflow that answers every message with its own words, to whoever wrote it. */
export async function echoWorkflow(client: N8nClient, connector: Connector): Promise<NewWorkflow> {
  const data = { baseUrl: connector.url, apiKey: connector.apiKey };
  const credential = await client.createCredential('WhatsApp Connector', CREDENTIAL_TYPE, data);
  const credentials = { [CREDENTIAL_TYPE]: credential };
  return {
    name: 'Echo on WhatsApp',
    nodes: [
      {
        name: 'WhatsApp Connector Trigger',
        type: `${PACKAGE}.whatsAppConnectorTrigger`,
        position: [0, 0],
        credentials,
        parameters: { events: ['message'], listenTo: 'allSessions', options: {} },
      },
      {
        name: 'Reply',
        type: `${PACKAGE}.whatsAppConnectorSendMessage`,
        position: [260, 0],
        credentials,
        parameters: {
          resource: 'message',
          operation: 'send',
          messageType: 'text',
          session: { __rl: true, mode: 'id', value: '={{ $json.sessionId }}' },
          to: { __rl: true, mode: 'address', value: '={{ $json.chat.jid }}' },
          text: '=You said: {{ $json.text }}',
          options: { humanization: 'fast' },
        },
      },
    ],
  };
}

/** Starts n8n and resolves when it is ready and its owner is signed in. `stop` ends it; so does the signal. */
export async function startN8n(options: N8nOptions): Promise<N8n> {
  const { install, home, log = () => undefined, signal } = options;
  await layOut(options);
  const port = options.port || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const env = settings(options.env, install, home, port, await freePort());
  let child: ChildProcess | null = null;
  const stop = async () => {
    if (child) await end(child);
  };
  const start = async () => {
    signal?.throwIfAborted();
    let tail = '';
    child = launched(options, env, (text) => {
      tail = (tail + text).slice(-4_000);
      for (const line of text.split('\n')) if (line.trim() !== '') log(line.trimEnd());
    });
    try {
      await ready(url, child, signal);
    } catch (error) {
      await stop();
      throw new Error(`n8n did not start:\n${tail}`, { cause: error });
    }
  };
  await start();
  try {
    const client = new N8nClient(url, signal);
    await client.setUpOwner();
    return { url, client, stop, start };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The process, which ends with the signal. */
function launched({ install, home, signal }: N8nOptions, env: Env, said: (text: string) => void): ChildProcess {
  const child = spawn(install.node, [install.bin, 'start'], {
    cwd: home,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', said);
  const onAbort = () => void end(child);
  signal?.addEventListener('abort', onAbort, { once: true });
  child.once('exit', () => signal?.removeEventListener('abort', onAbort));
  return child;
}

/** Unpacks our package to where n8n's own installer puts community packages. */
async function layOut({ home, tarball, env }: N8nOptions): Promise<void> {
  const nodes = join(home, '.n8n', 'nodes');
  const folder = join(nodes, 'node_modules', PACKAGE);
  mkdirSync(folder, { recursive: true });
  const args = ['-xzf', tarball, '-C', folder, '--strip-components=1'];
  await runToEnd('tar', args, { cwd: home, env, log: () => undefined });
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const manifest = { name: 'installed-nodes', private: true, dependencies: { [PACKAGE]: version } };
  writeFileSync(join(nodes, 'package.json'), JSON.stringify(manifest));
}

/** A headless n8n that calls nobody: no telemetry, no registry, no version check. */
function settings(env: Env, install: N8nInstall, home: string, port: number, brokerPort: number) {
  const kept = Object.entries(env).filter(([key]) => !FOREIGN_SETTING.test(key));
  return {
    ...Object.fromEntries(kept),
    PATH: dirname(install.node) + delimiter + (env.PATH ?? ''),
    HOME: home,
    N8N_USER_FOLDER: home,
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_HOST: '127.0.0.1',
    N8N_PORT: String(port),
    N8N_RUNNERS_BROKER_PORT: String(brokerPort),
    N8N_SECURE_COOKIE: 'false',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_PERSONALIZATION_ENABLED: 'false',
    N8N_HIRING_BANNER_ENABLED: 'false',
    N8N_VERIFIED_PACKAGES_ENABLED: 'false',
    N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
    N8N_DISABLED_MODULES: 'mcp-registry,mcp,chat-hub,instance-ai,breaking-changes,insights',
    EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'all',
  };
}

async function ready(url: string, child: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('The n8n process ended.');
    // Until it listens, the connection is refused: that is what is waited for.
    const response = await fetch(`${url}/healthz/readiness`).catch(() => null);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`n8n was not ready within ${START_DEADLINE_MS} ms.`);
    await delay(200, undefined, { signal });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(force);
}
