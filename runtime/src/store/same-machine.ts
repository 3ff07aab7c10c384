/** Whether another process of this machine has ended, for those who would wait long to be certain otherwise. Linux only. */
import { readFileSync, readlinkSync } from 'node:fs';
import { kill, pid } from 'node:process';

/** This machine since it was started, and its list of processes: a container's is its own. Null where there is no saying. */
function machine(): string | null {
  try {
    const start = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${start}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Not Linux: nothing is known of others.
    return null;
  }
}

/** Names this process for `isOver`, without a space. */
export const thisProcess = (): string => `${machine() ?? 'somewhere'}/${pid}`;

/** Whether the process of this name has ended for certain; of another machine's nothing is known. */
export function isOver(name: string): boolean {
  const [, where, number] = /^(.+)\/(\d+)$/.exec(name) ?? [];
  if (where === undefined || where !== machine()) return false;
  try {
    kill(Number(number), 0);
    return false;
  } catch (error) {
    // Another user's process is there and not to be asked.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
