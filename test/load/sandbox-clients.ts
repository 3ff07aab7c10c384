/**
 * The clients of `npm run bench:sandbox`, in a process of their own: so many sessions of the unmodified client, linked, kept
 * open, and made to write.
 */
import { eventually } from '../support/deadline.ts';
import { obeyOrders, openSession, type Address, type BareSocket } from './bare-sockets.ts';
import { inParallel } from '../support/in-parallel.ts';

/** What it is told to do, and what it answers. */
export type Order =
  | { readonly what: 'open'; readonly sandbox: Address; readonly phones: readonly string[] }
  | { readonly what: 'write'; readonly messages: number; readonly to: readonly string[] };
export type Answer = { readonly open: number } | { readonly seconds: number } | { readonly failed: string };

const PAIRING_AT_ONCE = 8;
const WRITING_AT_ONCE = 32;
const DELIVERY_MS = 120_000;
const sockets: BareSocket[] = [];
const delivered = new Set<string>();

async function open(address: Address, phone: string): Promise<void> {
  const { socket } = await openSession(address, phone);
  socket.ws.on('CB:receipt', ({ attrs }: { attrs: Record<string, string> }) => {
    if (attrs['id'] && attrs['type'] === undefined) delivered.add(attrs['id']);
  });
  sockets.push(socket);
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

obeyOrders(async (order: Order) => {
  if (order.what === 'write') return { seconds: await write(order.messages, order.to) };
  await inParallel(order.phones, PAIRING_AT_ONCE, (phone) => open(order.sandbox, phone));
  return { open: sockets.filter(({ ws }) => ws.isOpen).length };
});
