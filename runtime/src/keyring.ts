/**
 * The key on which all secrets of a store hang. The instance key is made once and kept in the instance's database,
 * sealed with the master key: ENCRYPTION_KEY, or the file `master.key`. Everything else is sealed with the instance key, or
 * with a data key that is; so another master key means one row written anew, as a whole or not at all.
 *
 * A new key file is written aside (`master.key.new`), then the row is sealed with it, then it takes the place of the old. A
 * crash leaves the old key and a file nobody needs, or a row that the file aside opens: either way the next start, or the
 * next `rekey`, finds the key that fits and tidies up.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { CannotStart } from './errors.ts';
import { createSeal, loadMasterKey, newDataKey, type Seal } from './seal.ts';
import { openSharedStore, openStore, type Database, type Store } from './store/store.ts';

export type KeyConfig = Pick<Config, 'sessionsDir' | 'encryptionKey' | 'encryptionKeyOld'>;
type StoreConfig = Pick<Config, 'sessionsDir' | 'redisUrl' | 'redisPrefix'>;

const NAMESPACE = 'keyring';
const ROW = 'instance-key';

const keyFile = (directory: string) => join(directory, 'master.key');
const fileAside = (directory: string) => `${keyFile(directory)}.new`;
const fromHex = (hex: string) => Buffer.from(hex, 'hex');

/** The seal of the instance key; makes the key, and the master key's file, in a new directory. Throws `CannotStart`. */
export async function openInstanceSeal(instance: Database, config: KeyConfig): Promise<Seal> {
  const { sessionsDir, encryptionKey } = config;
  const sealed = await instance.keyValue(NAMESPACE).get<string>(ROW);
  if (sealed === undefined) {
    const made = newDataKey();
    await keep(instance, made, loadMasterKey(encryptionKey, keyFile(sessionsDir)));
    return createSeal(made);
  }
  const opened = encryptionKey === undefined ? openByFile(sealed, sessionsDir) : unwrap(sealed, fromHex(encryptionKey));
  if (opened) return createSeal(opened);
  throw new CannotStart(
    encryptionKey === undefined
      ? `ENCRYPTION_KEY is not set, and ${keyFile(sessionsDir)} is missing or not the key these sessions were sealed with.`
      : 'ENCRYPTION_KEY is not the key these sessions were sealed with. To change it, run "whatsapp-runtime rekey".',
  );
}

/**
 * Seals the instance key with a new master key: ENCRYPTION_KEY, or a new key file when it is unset. The former is
 * ENCRYPTION_KEY_OLD, or the key file. Returns what there is to say. Throws `CannotStart` and changes nothing when a runtime
 * uses the directory, or no key fits.
 */
export async function rekey(config: KeyConfig & StoreConfig): Promise<string> {
  const { sessionsDir, encryptionKey, encryptionKeyOld } = config;
  const store = await openExisting(config);
  try {
    const sealed = await store.instance.keyValue(NAMESPACE).get<string>(ROW);
    if (sealed === undefined)
      throw new CannotStart(`There is no key in ${config.redisUrl === undefined ? sessionsDir : 'this Redis'} yet.`);
    if (encryptionKey !== undefined && unwrap(sealed, fromHex(encryptionKey))) {
      removeKeyFiles(sessionsDir);
      return 'The sessions are sealed with ENCRYPTION_KEY already.';
    }
    const key =
      encryptionKeyOld === undefined ? openByFile(sealed, sessionsDir) : unwrap(sealed, fromHex(encryptionKeyOld));
    if (!key) throw new CannotStart('Give the former key as ENCRYPTION_KEY_OLD: no key at hand opens these sessions.');
    if (encryptionKey === undefined) {
      const made = newDataKey();
      writeAside(sessionsDir, made);
      await keep(store.instance, key, made);
      renameSync(fileAside(sessionsDir), keyFile(sessionsDir));
      return `The sessions are sealed with the new key in ${keyFile(sessionsDir)}.`;
    }
    await keep(store.instance, key, fromHex(encryptionKey));
    removeKeyFiles(sessionsDir);
    return 'The sessions are sealed with ENCRYPTION_KEY. The former key opens nothing any more, save in old backups.';
  } finally {
    await store.close();
  }
}

/** Alone: a runtime that works meanwhile is refused, or refuses. */
async function openExisting({ sessionsDir, redisUrl: url, redisPrefix: prefix }: StoreConfig): Promise<Store> {
  // One row is written, as a whole: whoever takes over while that waits for Redis finds it as it was, or done.
  if (url !== undefined) return await openSharedStore({ url, prefix, onLost: () => undefined });
  if (!existsSync(join(sessionsDir, 'instance.sqlite')))
    throw new CannotStart(`There are no sessions in ${sessionsDir}.`);
  return openStore({ directory: sessionsDir });
}

async function keep(instance: Database, key: Buffer, master: Buffer): Promise<void> {
  await instance.keyValue(NAMESPACE).set(ROW, createSeal(master).seal(key.toString('base64'), ROW));
  await instance.scrub();
}

function unwrap(sealed: string, master: Buffer): Buffer | null {
  try {
    return Buffer.from(createSeal(master).open(sealed, ROW), 'base64');
  } catch {
    // Another key, which is for the caller to say: authenticated encryption cannot tell it from damage.
    return null;
  }
}

/** By the key file or the one aside, whichever fits; that one is the key file afterwards. */
function openByFile(sealed: string, directory: string): Buffer | null {
  for (const file of [keyFile(directory), fileAside(directory)]) {
    if (!existsSync(file)) continue;
    const key = unwrap(sealed, fromHex(readFileSync(file, 'utf8').trim()));
    if (!key) continue;
    if (file === fileAside(directory)) renameSync(file, keyFile(directory));
    else rmSync(fileAside(directory), { force: true });
    return key;
  }
  return null;
}

function writeAside(directory: string, key: Buffer): void {
  rmSync(fileAside(directory), { force: true });
  const file = openSync(fileAside(directory), 'wx', 0o600);
  try {
    writeSync(file, key.toString('hex'));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function removeKeyFiles(directory: string): void {
  for (const file of [keyFile(directory), fileAside(directory)]) rmSync(file, { force: true });
}
