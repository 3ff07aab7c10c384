/** What one row of the fault matrix has to itself: a WhatsApp, a runtime, somebody to tell, a disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { startApp, type App } from '../../runtime/src/app.ts';
import { loadConfig } from '../../runtime/src/config.ts';
import { createLog } from '../../runtime/src/log.ts';
import type { FaultRow } from './fault-rows.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { trustMediaHost } from './trust.ts';

export const KEY = 'fault-matrix-key';

export interface Parts {
  sandbox: Sandbox;
  receiver: Receiver;
  app: App;
  engine: FlowEngine;
  directory: string;
}

export async function openParts(row: FaultRow): Promise<Parts> {
  const directory = mkdtempSync(join(tmpdir(), 'whatsapp-fault-'));
  const sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  const receiver = await startReceiver();
  const engine = await startEngine();
  const proxy = row.proxy && (await sandbox.network.openProxy({ kind: row.proxy, user: 'user', password: 'password' }));
  const { url } = row.relay ? await sandbox.network.openRelay() : sandbox;
  const config = loadConfig({
    ...{
      PORT: '0',
      API_KEY: KEY,
      SESSIONS_DIR: directory,
      METRICS_ENABLED: 'false',
      HUMANIZATION_PROFILE: 'instant',
    },
    ...{ OUTBOUND_ALLOW: '127.0.0.1', WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: sandbox.rootKey },
    ...engine.environment,
    ...(proxy && { DEFAULT_PROXY_URL: proxy.url }),
  });
  const app = await startApp({ config, log: createLog(process.env['FAULT_LOG'] ?? 'silent'), version: 'faults' });
  return { sandbox, receiver, app, engine, directory };
}

export async function closeParts({ app, sandbox, receiver, engine, directory }: Parts): Promise<void> {
  await app.stop();
  await sandbox.stop();
  await receiver.stop();
  await engine.stop();
  rmSync(directory, { recursive: true, force: true });
}
