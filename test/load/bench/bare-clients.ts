/** Bare clients in a process of their own, that do what the runtime is measured doing. */
import { readFile, writeFile } from 'node:fs/promises';
import { BufferJSON } from '@whiskeysockets/baileys';
import { inParallel, logIn, obeyOrders, openSession, type Address, type BareSession } from '../bare-sockets.ts';
import { keptAuth, memoryAuth } from '../../support/memory-auth.ts';

/** What one session writes, in this order. */
export interface Writing {
  readonly session: number;
  readonly to: string;
  readonly text: string;
}

export type Order =
  | { readonly what: 'open'; readonly address: Address; readonly phones: readonly string[] }
  /** Their keys go into a file, for another process to log in with. */
  | { readonly what: 'save'; readonly file: string }
  | { readonly what: 'load'; readonly address: Address; readonly file: string }
  | { readonly what: 'write'; readonly writings: readonly Writing[] };

/** As many as the runtime links, and lets in, at once. */
const LINKED_AT_ONCE = 4;
const HANDSHAKES_AT_ONCE = 10;
const sessions: BareSession[] = [];

async function load(address: Address, file: string): Promise<void> {
  const saved = JSON.parse(await readFile(file, 'utf8'), BufferJSON.reviver) as [string, ReturnType<typeof keptAuth>][];
  await inParallel(saved, HANDSHAKES_AT_ONCE, async ([phone, kept]) => {
    const auth = memoryAuth(kept);
    sessions.push({ phone, auth, socket: await logIn(address, auth) });
  });
}

/** Each session writes one message after another, all sessions at once. */
async function write(writings: readonly Writing[]): Promise<void> {
  const bySession = Map.groupBy(writings, ({ session }) => session);
  await Promise.all(
    [...bySession].map(async ([at, own]) => {
      for (const { to, text } of own) await sessions[at]?.socket.sendMessage(`${to}@s.whatsapp.net`, { text });
    }),
  );
}

obeyOrders(async (order: Order) => {
  switch (order.what) {
    case 'open':
      await inParallel(order.phones, LINKED_AT_ONCE, async (phone) => {
        sessions.push(await openSession(order.address, phone));
      });
      sessions.sort((a, b) => Number(a.phone) - Number(b.phone));
      break;
    case 'save':
      await writeFile(
        order.file,
        JSON.stringify(
          sessions.map(({ phone, auth }) => [phone, keptAuth(auth)]),
          BufferJSON.replacer,
        ),
      );
      break;
    case 'load':
      await load(order.address, order.file);
      break;
    case 'write':
      await write(order.writings);
      break;
    default:
      order satisfies never;
  }
  return { done: sessions.length };
});
