/** A real n8n with the packed nodes, the runtime and the sandbox, each a process of its own. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { findN8n } from '../../runtime/src/demo/n8n-install.ts';
import { packNodes, startN8n, type N8n } from '../../runtime/src/demo/n8n.ts';
import type { N8nClient } from '../../runtime/src/demo/n8n-client.ts';
import { eventually } from './deadline.ts';
import { startRuntime, type RuntimeProcess } from './runtime-process.ts';

const install = findN8n(process.env);

export interface RealN8n {
  runtime: RuntimeProcess;
  n8n: N8n;
  stop(): Promise<void>;
}

export async function startRealN8n(): Promise<RealN8n> {
  if (!install) throw new Error('n8n is not installed: node test/support/install-n8n.ts');
  const folder = mkdtempSync(join(tmpdir(), 'n8n-e2e-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const each of started.toReversed()) await each.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const kept = async <Part extends { stop(): Promise<void> }>(starting: Promise<Part>): Promise<Part> => {
    const part = await starting;
    started.push(part);
    return part;
  };
  const packed = packNodes(process.cwd(), folder, process.env);
  // Each takes its time, and neither needs the other.
  const parts = await Promise.allSettled([
    kept(startRuntime()),
    kept(packed.then((tarball) => startN8n({ install, home, tarball, env: process.env }))),
  ]);
  const [runtime, n8n] = parts;
  if (runtime.status === 'fulfilled' && n8n.status === 'fulfilled') {
    return { runtime: runtime.value, n8n: n8n.value, stop };
  }
  await stop();
  throw parts.find((part) => part.status === 'rejected')?.reason;
}

/** Describes tests on a real n8n; without one they are skipped, and the title says how to get it. */
export function describeWithN8n(title: string, tests: () => void): void {
  if (install || process.env.REQUIRE_ALL === '1') describe(title, tests);
  else test.skip(`${title} (no n8n in the cache folder: node test/support/install-n8n.ts)`, () => undefined);
}

/** The executions of a workflow with one of these statuses, once there are as many. */
export const executionsOf = (client: N8nClient, workflowId: string, count: number, ...statuses: string[]) =>
  eventually(
    30_000,
    `${count} executions ${statuses.join(' or ')}`,
    async () => (await client.executions(workflowId)).filter(({ status }) => statuses.includes(status)),
    (found) => found.length >= count,
  );
