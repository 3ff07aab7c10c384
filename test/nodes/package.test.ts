import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packNodes } from '../../runtime/src/demo/n8n.ts';
import { N8nEngine, REPOSITORY } from '../support/n8n-engine.ts';

// Within the repository, so that the packed files find n8n-workflow as they do within n8n.
mkdirSync(join(REPOSITORY, 'output'), { recursive: true });
const folder = mkdtempSync(join(REPOSITORY, 'output', 'package-'));
const unpacked = join(folder, 'package');
let files: string[];

interface Manifest {
  dependencies?: unknown;
  peerDependencies: unknown;
  scripts: Record<string, string>;
  n8n: { nodes: string[]; credentials: string[] };
}
const manifest = () => JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest;

beforeAll(async () => {
  const tarball = await packNodes(REPOSITORY, folder, process.env);
  files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the package holds the nodes and nothing of the runtime, the tests or the toolchain', () => {
  const allowed = /^package\/(dist\/(nodes|credentials|icons)\/.+\.(js|json|svg)|package\.json|README\.md|LICENSE)$/;
  expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  expect(files).toContain('package/LICENSE');
});

test('it brings no dependency and runs no script on installation', () => {
  expect(manifest().dependencies).toBeUndefined();
  expect(manifest().peerDependencies).toEqual({ 'n8n-workflow': '*' });
  const onInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
  expect(Object.keys(manifest().scripts).filter((name) => onInstall.includes(name))).toEqual([]);
});

test("n8n's loader takes the packed nodes and credentials, with their icons and search words", async () => {
  const engine = await N8nEngine.load({ baseUrl: 'http://127.0.0.1:9', apiKey: 'k' }, { folder: unpacked });
  expect(engine.nodes.map(({ description }) => [description.name, description.displayName]).toSorted()).toEqual([
    ['whatsAppConnectorSendMessage', 'WhatsApp Connector Send Message'],
    ['whatsAppConnectorSessionControl', 'WhatsApp Connector Session Control'],
    ['whatsAppConnectorTrigger', 'WhatsApp Connector Trigger'],
  ]);
  for (const { description } of engine.nodes) {
    expect(description.iconUrl).toEqual({
      light: 'icons/n8n-nodes-eldoleado-whatsapp/dist/icons/whatsapp-connector.svg',
      dark: 'icons/n8n-nodes-eldoleado-whatsapp/dist/icons/whatsapp-connector.dark.svg',
    });
    expect(description.codex?.alias).toContain('whatsapp');
  }
});

test('everything a packed file requires is packed with it, or is part of n8n or Node', () => {
  const problems = files
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => {
      const source = readFileSync(join(folder, file), 'utf8');
      const wanted = [...source.matchAll(/require\("([^"]+)"\)/g)].map(([, name = '']) => name);
      return wanted.filter((name) => {
        if (!name.startsWith('.')) return !['n8n-workflow', 'node:crypto'].includes(name);
        return !existsSync(`${normalize(join(folder, dirname(file), name))}.js`);
      });
    });
  expect(problems).toEqual([]);
});

test("the packed files pass n8n's rules for community nodes, with no comment able to switch one off", () => {
  // In a process of its own: ESLint and n8n's rules are ES modules, which this jest project does not load.
  const script = join(REPOSITORY, 'test', 'support', 'scan-package.mjs');
  const findings = JSON.parse(execFileSync(process.execPath, [script, unpacked], { encoding: 'utf8' })) as unknown;
  expect(findings).toEqual([]);
});
