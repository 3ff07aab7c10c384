/** Steps of writing keys as a session does, by which it can be told afterwards whether one was written as a whole. */
import assert from 'node:assert/strict';
import type { SessionId } from '../../runtime/src/ids.ts';
import { createSeal } from '../../runtime/src/seal.ts';
import { openAuthState, type AuthState } from '../../runtime/src/session/auth-state.ts';
import { openEngine } from './engine-place.ts';

export const SESSION = 'victim' as SessionId;
export const SEAL = createSeal(Buffer.alloc(32, 7));
/** Longer than one page of the database. */
const RECORD_BYTES = 6_000;

const record = (step: number) => Buffer.alloc(RECORD_BYTES, step % 251);
const keyPair = (step: number) => ({ public: record(step).subarray(0, 32), private: record(step).subarray(0, 32) });

/** Two sessions change, one pre-key comes and one goes, all in one batch; then the credentials count the step. */
export async function writeStep({ creds, keys, saveCreds }: AuthState, step: number): Promise<void> {
  await keys.set({
    session: { ann: record(step), bob: record(step) },
    'pre-key': { [step]: keyPair(step), [step - 1]: null },
  });
  creds.additionalData = step;
  await saveCreds();
}

/** Opens what was kept and finds no step half written; returns the last one that the credentials count. */
export async function lastStep(place: string[]): Promise<number> {
  const store = await openEngine(place);
  try {
    const database = store.session(SESSION);
    const { creds, keys } = await openAuthState(database, SEAL, SESSION);
    const counted = Number(creds.additionalData ?? 0);
    const { ann, bob } = await keys.get('session', ['ann', 'bob']);
    assert.deepEqual(ann, bob, 'both sessions are of one step');
    const preKeys = (await database.snapshot('auth'))
      .map(([name]) => name)
      .filter((name) => name.startsWith('pre-key/'));
    if (!ann) {
      assert.deepEqual([counted, preKeys.length], [0, 0], 'before the first step there is nothing');
      return 0;
    }
    const written = Number(preKeys[0]?.slice('pre-key/'.length));
    assert.deepEqual([preKeys.length, Buffer.from(ann)], [1, record(written)], 'the pre-key is of the same step');
    assert.ok(written === counted || written === counted + 1, `keys of step ${written}, credentials of ${counted}`);
    return counted;
  } finally {
    await store.close();
  }
}
