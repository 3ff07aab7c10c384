/**
 * The clients of `npm run bench:sandbox`, in a process of their own: so many sessions of the unmodified client, linked, kept
 * open, and made to write. Steered by messages from the process that started it; each is answered by one.
 */
import { makeWASocket, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import type { AuthenticationState, ConnectionState } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { eventually, within } from '../support/deadline.ts';
import { memoryAuth } from '../support/memory-auth.ts';

/** What it is told to do, and what it answers. */
export type Order =
  | { readonly what: 'open'; readonly sandbox: Sandbox; readonly phones: readonly string[] }
  | { readonly what: 'write'; readonly messages: number; readonly to: readonly string[] };
export type Answer = { readonly open: number } | { readonly seconds: number } | { readonly failed: string };

interface Sandbox {
  readonly url: string;
  readonly rootKey: string;
  readonly controlUrl: string;
}

type Socket = ReturnType<typeof makeWASocket>;

const PAIRING_AT_ONCE = 8;
const WRITING_AT_ONCE = 32;
const SESSION_MS = 60_000;
const DELIVERY_MS = 120_000;
const sockets: Socket[] = [];
const delivered = new Set<string>();

function connect({ url, rootKey }: Sandbox, auth: AuthenticationState): Socket {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex');
  const logger = pino({ level: 'silent' });
  const socket = makeWASocket({ auth, waWebSocketUrl: url, logger, getMessage: async () => undefined });
  socket.ev.on('creds.update', (update) => void Object.assign(auth.creds, update));
  return socket;
}

/** The first update of the connection that fits. */
function update(
  socket: Socket,
  fits: (update: Partial<ConnectionState>) => boolean,
): Promise<Partial<ConnectionState>> {
  const { promise, resolve } = Promise.withResolvers<Partial<ConnectionState>>();
  socket.ev.on('connection.update', (each) => fits(each) && resolve(each));
  return within(SESSION_MS, 'a session to open', promise);
}

/** Links a client as a user would, by its QR code, and logs it in. */
async function openSession(sandbox: Sandbox, phone: string): Promise<void> {
  const auth = memoryAuth();
  const pairing = connect(sandbox, auth);
  const closed = update(pairing, ({ connection }) => connection === 'close');
  const { qr } = await update(pairing, ({ qr: code }) => code !== undefined);
  const response = await fetch(`${sandbox.controlUrl}/accounts/${phone}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ qr }),
  });
  if (!response.ok) throw new Error(`scan of ${phone}: ${await response.text()}`);
  await closed;
  const socket = connect(sandbox, auth);
  await update(socket, ({ connection }) => connection === 'open');
  socket.ws.on('CB:receipt', ({ attrs }: { attrs: Record<string, string> }) => {
    if (attrs['id'] && attrs['type'] === undefined) delivered.add(attrs['id']);
  });
  sockets.push(socket);
}

async function inParallel<Item>(items: readonly Item[], width: number, work: (item: Item) => Promise<void>) {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Writes so many texts from all sessions in turn, and waits until the contacts have decrypted every one. */
async function write(messages: number, to: readonly string[]): Promise<number> {
  const began = performance.now();
  const ids: string[] = [];
  const numbers = Array.from({ length: messages }, (_none, at) => at);
  await inParallel(numbers, WRITING_AT_ONCE, async (at) => {
    const [socket, contact] = [sockets[at % sockets.length], to[at % to.length]];
    const sent = await socket?.sendMessage(`${contact}@s.whatsapp.net`, { text: `message ${at}` });
    ids.push(sent?.key.id ?? '');
  });
  await eventually(
    DELIVERY_MS,
    'every message delivered',
    () => ids.filter((id) => !delivered.has(id)).length,
    (missing) => missing === 0,
  );
  return (performance.now() - began) / 1000;
}

async function obey(order: Order): Promise<Answer> {
  if (order.what === 'write') return { seconds: await write(order.messages, order.to) };
  await inParallel(order.phones, PAIRING_AT_ONCE, (phone) => openSession(order.sandbox, phone));
  return { open: sockets.filter(({ ws }) => ws.isOpen).length };
}

/* eslint-disable no-console -- libsignal prints every session it closes, keys included */
for (const method of ['info', 'warn', 'error'] as const) console[method] = () => undefined;
/* eslint-enable no-console */
process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
// Whoever started it has ended.
process.on('disconnect', () => process.exit());
