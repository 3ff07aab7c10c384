/** Opens a store of either engine, also in a process that is no test. */
import { openSharedStore, openStore, type Store } from '../../runtime/src/store/store.ts';

/** As told to another process: `sqlite <directory>` or `redis <url> <prefix>`. */
export async function openEngine([engine, where = '', prefix = '']: string[], now?: () => number): Promise<Store> {
  const clock = now && { now };
  if (engine === 'redis') return await openSharedStore({ url: where, prefix, ...clock });
  return openStore({ directory: where, ...clock });
}
