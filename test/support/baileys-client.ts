/**
 * A plain client: the real makeWASocket over an auth state in memory, trusting the sandbox's root. For tests that want
 * to see the sandbox as WhatsApp's own clients see a server.
 */
import { EventEmitter, on, once } from 'node:events';
import { jest } from '@jest/globals';
import { makeWASocket, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import type {
  AuthenticationState,
  ConnectionState,
  proto,
  UserFacingSocketConfig,
  WAMessage,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import type { Account, Sandbox, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { eventually, within } from './deadline.ts';
import { memoryAuth } from './memory-auth.ts';

export { memoryAuth };

const DEADLINE_MS = 10_000;
// Linking makes some eight hundred keys; on a busy machine a test of several clients needs its time.
jest.setTimeout(30_000);
const WARN = 40;
/** What libsignal prints to the console on every session, keys included, and on every failure. */
const LIBSIGNAL_NOISE =
  /^(Clos|Open|Remov)ing (open |old closed )?session|^Session (already|error)|^Decrypted message with/;
const LIBSIGNAL_FAILURE = 'Failed to decrypt message with any known session...';

/* eslint-disable no-console -- the console is what is being kept quiet */
for (const method of ['info', 'warn', 'error'] as const) {
  const original = console[method].bind(console);
  console[method] = (...args: unknown[]) => {
    const text = String(args[0]);
    if (!LIBSIGNAL_NOISE.test(text) && text !== LIBSIGNAL_FAILURE) original(...args);
  };
}
/* eslint-enable no-console */

interface ClientEvents {
  qr: [code: string];
  open: [];
  close: [statusCode: number];
  upsert: [message: WAMessage, type: string];
  update: [id: string, status: number];
  ack: [id: string, error: string | undefined];
}

export type WhatsAppClient = Awaited<ReturnType<typeof connectClient>>;

/** Opens one connection. `complaints` collects whatever the client logs at warn or above. */
export function connectClient(
  sandbox: Pick<Sandbox, 'url' | 'rootKey'>,
  auth: AuthenticationState,
  options: Partial<UserFacingSocketConfig> = {},
) {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(sandbox.rootKey, 'hex');
  const complaints: string[] = [];
  const write = (line: string) => {
    if ((JSON.parse(line) as { level: number }).level >= WARN) complaints.push(line);
  };
  // What a test has it keep of what it sends: its own cache does not find what a contact's linked device asks for again.
  const sent = new Map<string, proto.IMessage>();
  const socket = makeWASocket({
    auth,
    waWebSocketUrl: sandbox.url,
    getMessage: async ({ id }) => sent.get(id ?? ''),
    logger: pino({ level: 'info' }, { write }),
    // Questions under way when a connection ends would otherwise be waited for a minute longer.
    defaultQueryTimeoutMs: undefined,
    ...options,
  });
  const events = new EventEmitter<ClientEvents>();
  const received: WAMessage[] = [];
  const seen: { id: string; status: number }[] = [];
  const noteStatus = (id: string | null | undefined, status: number | null | undefined) => {
    if (!id || status === null || status === undefined) return;
    seen.push({ id, status });
    events.emit('update', id, status);
  };
  socket.ev.on('creds.update', (update) => void Object.assign(auth.creds, update));
  socket.ev.on('connection.update', (update: Partial<ConnectionState>) => {
    if (update.qr) events.emit('qr', update.qr);
    if (update.connection === 'open') events.emit('open');
    if (update.connection === 'close') events.emit('close', statusOf(update));
  });
  socket.ev.on('messages.upsert', ({ messages, type }) => {
    for (const message of messages) {
      if (!message.key.fromMe) received.push(message);
      noteStatus(message.key.id, message.key.fromMe ? message.status : undefined);
      events.emit('upsert', message, type);
    }
  });
  socket.ev.on('messages.update', (updates) => {
    for (const { key, update } of updates) noteStatus(key.id, update.status);
  });
  socket.ws.on('CB:ack,class:message', ({ attrs }: { attrs: Record<string, string> }) => {
    events.emit('ack', attrs['id'] ?? '', attrs['error']);
  });
  return { socket, events, complaints, received, seen, sent, auth };
}

const statusOf = ({ lastDisconnect }: Partial<ConnectionState>): number =>
  (lastDisconnect?.error as { output?: { statusCode: number } } | undefined)?.output?.statusCode ?? 0;

/** The first event of a kind from now on. */
export async function next<K extends keyof ClientEvents>(client: WhatsAppClient, event: K): Promise<ClientEvents[K]> {
  return (await within(DEADLINE_MS, `client event ${event}`, once(client.events, event))) as ClientEvents[K];
}

/** Links a new client to an account and logs it in; resolves when it has taken in what the phone sends at first. */
export async function linkedClient(
  sandbox: Sandbox,
  account: Account,
  auth = memoryAuth(),
  options: Partial<UserFacingSocketConfig> = {},
): Promise<WhatsAppClient> {
  const pairing = connectClient(sandbox, auth, options);
  const closed = next(pairing, 'close');
  const [qr] = await next(pairing, 'qr');
  await account.scan(qr);
  await closed;
  const synced = firstSync(sandbox, account.phone);
  const client = await loggedInClient(sandbox, auth, options);
  await within(DEADLINE_MS, 'the first sync', synced);
  // What comes until the client has gone through its app state would be taken for old.
  await eventually(
    DEADLINE_MS,
    'the app state',
    () => auth.creds.accountSyncCounter,
    (count) => count > 0,
  );
  return client;
}

async function firstSync({ events }: Sandbox, phone: string): Promise<void> {
  for await (const [stanza] of on(events, 'stanza') as AsyncIterable<SandboxEvents['stanza']>) {
    const { tag, attrs } = stanza.node;
    if (stanza.phone === phone && stanza.direction === 'in' && tag === 'receipt' && attrs['type'] === 'hist_sync')
      return;
  }
}

/** A new connection with known credentials, once it is open. */
export async function loggedInClient(
  sandbox: Pick<Sandbox, 'url' | 'rootKey'>,
  auth: AuthenticationState,
  options: Partial<UserFacingSocketConfig> = {},
): Promise<WhatsAppClient> {
  const client = connectClient(sandbox, auth, options);
  await next(client, 'open');
  return client;
}

/** Resolves when the client has received a message that fits, now or later. */
export async function receives(client: WhatsAppClient, what: string, match: (message: WAMessage) => boolean) {
  const known = client.received.find(match);
  if (known) return known;
  const { promise, resolve } = Promise.withResolvers<WAMessage>();
  const onUpsert = (message: WAMessage) => match(message) && resolve(message);
  client.events.on('upsert', onUpsert);
  try {
    return await within(DEADLINE_MS, what, promise);
  } finally {
    client.events.off('upsert', onUpsert);
  }
}

/** Resolves when a message of the client's has reached this status, now or later. */
export async function reaches(client: WhatsAppClient, messageId: string, status: number): Promise<void> {
  const isIt = (id: string, reached: number) => id === messageId && reached === status;
  if (client.seen.some(({ id, status: reached }) => isIt(id, reached))) return;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onUpdate = (id: string, reached: number) => isIt(id, reached) && resolve(true);
  client.events.on('update', onUpdate);
  try {
    await within(DEADLINE_MS, `status ${status} of ${messageId}`, promise);
  } finally {
    client.events.off('update', onUpdate);
  }
}

/** Ends the client's connection without logging out. */
export async function disconnect(client: WhatsAppClient): Promise<void> {
  await client.socket.end(undefined);
}

export const textOf = ({ message }: WAMessage): string =>
  message?.conversation ?? message?.extendedTextMessage?.text ?? '';
