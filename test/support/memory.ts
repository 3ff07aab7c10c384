/** The memory of another process, from /proc: on Linux only. */
import { readFile } from 'node:fs/promises';

/** What of it is resident; 0 once it has ended. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) * 1024;
}

export const toMegabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
