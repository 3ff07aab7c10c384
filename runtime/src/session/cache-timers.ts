/**
 * The client caches for days what it has learnt of people, each entry with a timer of its own, and sets most of them within a
 * transaction on the keys. A timer keeps the asynchronous context it is made in, and with it all keys that transaction had read:
 * memory would grow with everybody a session ever meets. Here those caches are written to from outside of any context.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SocketConfig } from '@whiskeysockets/baileys';

type MakeRepository = SocketConfig['makeSignalRepository'];
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The context of nothing in particular, as it is while this module is loaded. */
const outside = AsyncLocalStorage.snapshot();
const done = new WeakSet<object>();

/** All caches of the client that purge themselves are of the class that its repository uses. */
export function detachCacheTimers(make: MakeRepository): MakeRepository {
  return (...args) => {
    const repository = make(...args);
    const cache: unknown = Reflect.get(repository.lidMapping, 'mappingCache');
    if (typeof cache !== 'object' || cache === null)
      throw new Error('the client keeps its mappings in no cache any more');
    detach(Object.getPrototypeOf(cache) as Record<'get' | 'set', Method>);
    return repository;
  };
}

/** Reading, too, makes a timer: it puts off the end of an entry. */
function detach(methods: Record<'get' | 'set', Method>): void {
  if (done.has(methods)) return;
  done.add(methods);
  for (const name of ['get', 'set'] as const) {
    const method = methods[name];
    methods[name] = function (...given) {
      return outside(() => method.apply(this, given));
    };
  }
}
