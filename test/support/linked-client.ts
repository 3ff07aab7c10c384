/** A sandbox with the bare client library linked to an account, for tests of the sandbox itself. */
import { expect } from '@jest/globals';
import { startSandbox, type Account, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, type WhatsAppClient } from './baileys-client.ts';

export interface LinkedClient {
  sandbox: Sandbox;
  account: Account;
  client: WhatsAppClient;
}

export async function startLinkedClient(): Promise<LinkedClient> {
  const sandbox = await startSandbox();
  const account = sandbox.account('15550100001');
  return { sandbox, account, client: await linkedClient(sandbox, account) };
}

/** Ends both; neither may have anything to complain of. */
export async function endLinkedClient({ sandbox, client }: Omit<LinkedClient, 'account'>): Promise<void> {
  await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  expect(client.complaints).toEqual([]);
}
