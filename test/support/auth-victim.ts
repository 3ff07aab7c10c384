/** A process that writes a session's keys without a pause until it is killed. Arguments: as for `openEngine`. */
import { writeSync } from 'node:fs';
import { openAuthState } from '../../runtime/src/session/auth-state.ts';
import { SEAL, SESSION, writeStep } from './auth-steps.ts';
import { openEngine } from './engine-place.ts';

const store = await openEngine(process.argv.slice(2));
const auth = await openAuthState(store.session(SESSION), SEAL, SESSION);
for (let step = Number(auth.creds.additionalData ?? 0) + 1; ; step++) {
  await writeStep(auth, step);
  say(`${step}\n`);
}

/** At once, not when the loop has time: what is said here is on the disk. A reader that is busy leaves no room for a while. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
