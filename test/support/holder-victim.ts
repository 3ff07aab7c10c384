/** A process that works with a Redis alone and says so, until it is killed. Arguments: URL, prefix. */
import { openSharedStore } from '../../runtime/src/store/store.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
await openSharedStore({ url, prefix, onLost: () => process.exit(1) });
process.stdout.write('held\n');
