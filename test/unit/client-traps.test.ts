/** What the client library leaves unchecked or shares between sessions, and what is done about it before it is used. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import {
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys';
import { ProtocolAddress, SessionCipher, SessionRecord, type SignalStorage } from 'libsignal';
import { createLog } from '../../runtime/src/log.ts';
import { detachCacheTimers } from '../../runtime/src/session/cache-timers.ts';
import { checkPreKeys, checkSignatures, isSignedBy } from '../../runtime/src/session/signatures.ts';
import { clientLog } from '../../runtime/src/session/client-log.ts';
import { separateSignalQueues } from '../../runtime/src/session/signal-queue.ts';
import { within } from '../support/deadline.ts';

/** The library's declarations leave this method out. */
type Cipher = SessionCipher & { hasOpenSession(): Promise<boolean> };
const cipherOver = (storage: Partial<SignalStorage>, address: ProtocolAddress) =>
  new SessionCipher(storage as SignalStorage, address) as Cipher;
const MESSAGE = Buffer.from('to be signed');

test('a signature counts for the key and the bytes it was made for, and for no others', () => {
  for (let round = 0; round < 20; round++) {
    const pair = Curve.generateKeyPair();
    const signature = Curve.sign(pair.private, MESSAGE);
    expect(isSignedBy(pair.public, MESSAGE, signature)).toBe(true);
    expect(isSignedBy(generateSignalPubKey(pair.public), MESSAGE, signature)).toBe(true);
    for (const at of [0, 31, 32, 63]) {
      const changed = Buffer.from(signature);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(isSignedBy(pair.public, MESSAGE, changed)).toBe(false);
    }
    expect(isSignedBy(pair.public, Buffer.from('other bytes'), signature)).toBe(false);
    expect(isSignedBy(Curve.generateKeyPair().public, MESSAGE, signature)).toBe(false);
  }
});

test.each([
  ['a key of zeros', Buffer.alloc(32), Buffer.alloc(64)],
  ['a key of ones', Buffer.alloc(32, 0xff), Buffer.alloc(64, 0xff)],
  ['a short key', Buffer.alloc(31), Buffer.alloc(64)],
  ['a short signature', Buffer.alloc(32, 9), Buffer.alloc(63)],
  ['nothing', Buffer.alloc(0), Buffer.alloc(0)],
])('%s is refused without an exception', (_what, key, signature) => {
  expect(isSignedBy(key, MESSAGE, signature)).toBe(false);
});

test('the client, which accepts any 64 bytes, checks once it has been told to', () => {
  const { public: key } = Curve.generateKeyPair();
  expect(Curve.verify(key, MESSAGE, Buffer.alloc(64))).toBe(true);
  checkSignatures();
  expect(Curve.verify(key, MESSAGE, Buffer.alloc(64))).toBe(false);
});

test('a session begins with keys that the recipient signed, and not with keys that the server made up', async () => {
  const begun: string[] = [];
  const make = () =>
    ({ injectE2ESession: async ({ jid }) => void begun.push(jid) }) as Partial<SignalRepositoryWithLIDStore>;
  const repository = checkPreKeys(make as never)({} as never, {} as never);
  const identity = Curve.generateKeyPair();
  const publicKey = generateSignalPubKey(Curve.generateKeyPair().public);
  const bundle = (signature: Uint8Array) => ({
    registrationId: 1,
    identityKey: generateSignalPubKey(identity.public),
    signedPreKey: { keyId: 1, publicKey, signature },
    preKey: { keyId: 1, publicKey },
  });
  await repository.injectE2ESession({ jid: 'signed', session: bundle(Curve.sign(identity.private, publicKey)) });
  const forged = bundle(Curve.sign(Curve.generateKeyPair().private, publicKey));
  await expect(repository.injectE2ESession({ jid: 'forged', session: forged })).rejects.toThrow(/not signed/);
  expect(begun).toEqual(['signed']);
});

test('a session whose keys are slow to read does not hold up another that talks with the same person', async () => {
  const address = new ProtocolAddress('15550100011', 0);
  const { promise: never } = Promise.withResolvers<SessionRecord>();
  separateSignalQueues();
  void cipherOver({ loadSession: () => never }, address).hasOpenSession();
  const other = cipherOver({ loadSession: async () => new SessionRecord() }, address).hasOpenSession();
  expect(await within(2_000, 'the other session', other)).toBe(false);
});

test('within one session the operations on one address still take turns', async () => {
  const address = new ProtocolAddress('15550100012', 0);
  const order: string[] = [];
  const first = Promise.withResolvers<SessionRecord>();
  const loads = [first.promise, Promise.resolve(new SessionRecord())];
  const storage: Partial<SignalStorage> = {
    loadSession: async () => {
      order.push('begin');
      const record = await loads.shift();
      order.push('end');
      return record;
    },
  };
  separateSignalQueues();
  const both = [1, 2].map(() => cipherOver(storage, address).hasOpenSession());
  first.resolve(new SessionRecord());
  await Promise.all(both);
  expect(order).toEqual(['begin', 'end', 'begin', 'end']);
});

test('what fails in the client after its connection has ended is no error, and of objects only the cause is logged', () => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  let isOver = false;
  const client = clientLog(log, () => isOver);
  const failed = () =>
    client.error({ error: new Error('closed'), privKey: 'secret' }, 'transaction failed, rolling back');
  failed();
  // Under way when the connection went, before anybody was told that it has.
  client.error({ error: new Error('Connection Closed') }, 'error in handling message');
  client.error({ ackErr: new Error('Connection Closed') }, 'failed to ack receipt');
  // Node's own errors may come from another realm.
  client.error({ error: runInNewContext('new Error("write EPIPE")') as unknown }, 'error in handling message');
  client.warn(
    { trace: 'Error: Connection Closed\n    at sendNode' },
    'error in sending presence update on name change',
  );
  isOver = true;
  failed();
  const entries = lines.map((line) => JSON.parse(line) as object);
  const said = { client: 'transaction failed, rolling back', cause: 'closed' };
  expect(entries).toMatchObject([
    { level: 50, ...said },
    { level: 20, cause: 'Connection Closed' },
    { level: 20, cause: 'Connection Closed' },
    { level: 20, cause: 'write EPIPE' },
    { level: 20, cause: 'Connection Closed' },
    { level: 20, ...said },
  ]);
  expect(lines.join()).not.toContain('secret');
});

test('what the client caches for days keeps nothing of the transaction it was learnt in', async () => {
  const make = detachCacheTimers(DEFAULT_CONNECTION_CONFIG.makeSignalRepository);
  const auth = {
    creds: {},
    keys: { transaction: (work: () => unknown) => work(), get: async () => ({}), set: async () => undefined },
  };
  const { lidMapping } = make(auth as never, createLog('silent') as never);
  const cache = Reflect.get(lidMapping, 'mappingCache') as {
    constructor: new (options: object) => Map<string, string>;
  };
  const transaction = new AsyncLocalStorage<string>();
  const { promise: purged, resolve } = Promise.withResolvers<string | undefined>();
  const dispose = () => resolve(transaction.getStore());
  // One like those of the client, but for its time.
  const shortLived = new cache.constructor({ ttl: 5, ttlAutopurge: true, updateAgeOnGet: true, dispose });
  transaction.run('with many keys', () => {
    shortLived.set('pn:1', '2');
    shortLived.get('pn:1');
  });
  expect(await within(5_000, 'the end of the entry', purged)).toBeUndefined();
});
