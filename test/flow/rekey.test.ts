/** Another master key: nothing is lost, the former opens nothing, and a crash at any point is mended. */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { IN_USE, isOnRedis, startEngine } from '../support/flow-engine.ts';
import { type Flow, onFlow, PHONE } from '../support/flow.ts';
import { Child } from '../support/runtime-process.ts';

const LIMIT = 180_000;
const [ONE, TWO] = ['1a'.repeat(32), '2b'.repeat(32)] as [string, string];

const rekey = ({ storage }: Flow, env: Record<string, string> = {}) =>
  new Child(['rekey'], { ...storage, ...env }).ended();

/** Starts the runtime with this key (or the key file) and finds the session linked as before, proxy and webhook too. */
async function opensWith(flow: Flow, key?: string): Promise<void> {
  delete flow.environment['ENCRYPTION_KEY'];
  if (key !== undefined) flow.environment['ENCRYPTION_KEY'] = key;
  await flow.startRuntime();
  expect(await flow.reaches('sales', 'connected,qr,failed')).toMatchObject({ status: 'connected', phone: `+${PHONE}` });
  expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toHaveLength(1);
  await flow.stopRuntime();
}

test(
  'from the key file to a key of the environment, to another, and back to a file; the former opens nothing any more',
  async () => {
    await onFlow(async (flow, receiver) => {
      const file = join(flow.directory, 'master.key');
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      expect(await rekey(flow)).toMatchObject({
        code: 1,
        output: expect.stringContaining(IN_USE),
      });
      await flow.stopRuntime();
      const first = readFileSync(file, 'utf8');

      expect(await rekey(flow, { ENCRYPTION_KEY: ONE })).toMatchObject({ code: 0 });
      expect(existsSync(file)).toBe(false);
      await opensWith(flow, ONE);
      await expect(opensWith(flow, first)).rejects.toThrow('is not the key these sessions were sealed with');
      await expect(opensWith(flow)).rejects.toThrow('ENCRYPTION_KEY is not set');
      expect(existsSync(file)).toBe(false);

      expect(await rekey(flow, { ENCRYPTION_KEY: TWO })).toMatchObject({
        code: 1,
        output: expect.stringMatching(/^Give the former key as ENCRYPTION_KEY_OLD/),
      });
      const change = { ENCRYPTION_KEY: TWO, ENCRYPTION_KEY_OLD: ONE };
      expect(await rekey(flow, change)).toMatchObject({ code: 0 });
      // Asked again, as one does who does not know whether it was done.
      expect(await rekey(flow, change)).toMatchObject({ code: 0, output: expect.stringContaining('already') });
      await opensWith(flow, TWO);

      expect(await rekey(flow, { ENCRYPTION_KEY_OLD: TWO })).toMatchObject({ code: 0 });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect([first, ONE, TWO]).not.toContain(readFileSync(file, 'utf8'));
      await opensWith(flow);
    });
  },
  LIMIT,
);

test(
  'a change of the key file that a crash interrupted, before or after the row was written, leaves a key that fits',
  async () => {
    await onFlow(async (flow, receiver) => {
      const file = join(flow.directory, 'master.key');
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      await flow.stopRuntime();
      const first = join(flow.directory, 'first');
      copyFileSync(file, first);

      // Before: a new file that the row knows nothing of.
      copyFileSync(first, `${file}.new`);
      await opensWith(flow);
      expect(existsSync(`${file}.new`)).toBe(false);

      await rekey(flow);
      expect(readFileSync(file, 'utf8')).not.toBe(readFileSync(first, 'utf8'));
      // After: the row is sealed with the new one, which has not taken its place.
      copyFileSync(file, `${file}.new`);
      copyFileSync(first, file);
      await opensWith(flow);
      expect(existsSync(`${file}.new`)).toBe(false);
      expect(readFileSync(file, 'utf8')).not.toBe(readFileSync(first, 'utf8'));
      await opensWith(flow);
    });
  },
  LIMIT,
);

test(
  'where nothing is kept there is nothing to rekey, and no directory is made',
  async () => {
    const nowhere = join(import.meta.dirname, 'nowhere');
    const engine = await startEngine();
    try {
      const { code, output } = await new Child(['rekey'], { SESSIONS_DIR: nowhere, ...engine.environment }).ended();
      const nothing = isOnRedis ? 'There is no key in this Redis yet.' : `There are no sessions in ${nowhere}.`;
      expect([code, output.trim()]).toEqual([1, nothing]);
      expect(existsSync(nowhere)).toBe(false);
    } finally {
      await engine.stop();
    }
  },
  LIMIT,
);
