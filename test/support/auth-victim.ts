/** A process that writes a session's keys without a pause until it is killed. Argument: the store's directory. */
import { writeSync } from 'node:fs';
import { openAuthState } from '../../runtime/src/session/auth-state.ts';
import { openStore } from '../../runtime/src/store/store.ts';
import { SEAL, SESSION, writeStep } from './auth-steps.ts';

const auth = await openAuthState(openStore({ directory: process.argv[2] ?? '' }).session(SESSION), SEAL, SESSION);
for (let step = Number(auth.creds.additionalData ?? 0) + 1; ; step++) {
  await writeStep(auth, step);
  // At once, not when the loop has time: what is said here is on the disk.
  writeSync(1, `${step}\n`);
}
