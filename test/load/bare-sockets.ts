/** Sessions of the bare client library, as its own documentation shows it, with keys in memory: what others are measured by. */
import { makeWASocket, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import type { AuthenticationState, ConnectionState } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { within } from '../support/deadline.ts';
import { memoryAuth } from '../support/memory-auth.ts';

/** Where a sandbox is. */
export interface Address {
  readonly url: string;
  readonly rootKey: string;
  readonly controlUrl: string;
}

export type BareSocket = ReturnType<typeof makeWASocket>;

export interface BareSession {
  readonly phone: string;
  readonly auth: AuthenticationState;
  readonly socket: BareSocket;
}

const SESSION_MS = 60_000;

function connect({ url, rootKey }: Address, auth: AuthenticationState): BareSocket {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex');
  const logger = pino({ level: 'silent' });
  const socket = makeWASocket({ auth, waWebSocketUrl: url, logger, getMessage: async () => undefined });
  socket.ev.on('creds.update', (update) => void Object.assign(auth.creds, update));
  return socket;
}

/** The first update of the connection that fits. */
function update(
  socket: BareSocket,
  fits: (update: Partial<ConnectionState>) => boolean,
): Promise<Partial<ConnectionState>> {
  const { promise, resolve } = Promise.withResolvers<Partial<ConnectionState>>();
  socket.ev.on('connection.update', (each) => fits(each) && resolve(each));
  return within(SESSION_MS, 'a session to open', promise);
}

/** A connection of an account that is linked; resolves when it is logged in. */
export async function logIn(address: Address, auth: AuthenticationState): Promise<BareSocket> {
  const socket = connect(address, auth);
  await update(socket, ({ connection }) => connection === 'open');
  return socket;
}

/** Links a client as a user would, by its QR code, and logs it in. */
export async function openSession(address: Address, phone: string): Promise<BareSession> {
  const auth = memoryAuth();
  const pairing = connect(address, auth);
  const closed = update(pairing, ({ connection }) => connection === 'close');
  const { qr } = await update(pairing, ({ qr: code }) => code !== undefined);
  const response = await fetch(`${address.controlUrl}/accounts/${phone}/scan`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ qr }),
  });
  if (!response.ok) throw new Error(`scan of ${phone}: ${await response.text()}`);
  await closed;
  return { phone, auth, socket: await logIn(address, auth) };
}

/** A process of such sessions obeys orders by messages, each answered by one, and ends with whoever started it. */
export function obeyOrders<Order>(obey: (order: Order) => Promise<object | null>): void {
  /* eslint-disable no-console -- libsignal prints every session it closes, keys included */
  for (const method of ['info', 'warn', 'error'] as const) console[method] = () => undefined;
  /* eslint-enable no-console */
  process.on('message', (order: Order) => {
    obey(order).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ failed: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
