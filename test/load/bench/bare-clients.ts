/** Bare clients in a process of their own, that do what the runtime is measured doing. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { BufferJSON, generateMessageIDV2 } from '@whiskeysockets/baileys';
import { logIn, obeyOrders, openSession, type Address, type BareSession } from '../bare-sockets.ts';
import { inParallel } from '../../support/in-parallel.ts';
import { keptAuth, memoryAuth } from '../../support/memory-auth.ts';

/** What one session writes, in this order. */
export interface Writing {
  readonly session: number;
  readonly to: string;
  readonly text: string;
}

export type Order =
  /** Answers as soon as it can. */
  | { readonly what: 'greet' }
  | { readonly what: 'open'; readonly address: Address; readonly phones: readonly string[] }
  /** Their keys go into a file, for another process to log in with. */
  | { readonly what: 'save'; readonly file: string }
  | { readonly what: 'load'; readonly address: Address; readonly file: string }
  /** From now on whoever is cut connects anew, as the client's own example does. */
  | { readonly what: 'return'; readonly address: Address }
  | { readonly what: 'write'; readonly writings: readonly Writing[] }
  /** One session sends a file to all of them at once. */
  | { readonly what: 'send-files'; readonly file: string; readonly to: readonly string[] }
  /** Every message goes to this receiver, with the time at which it was there. */
  | { readonly what: 'tell'; readonly url: string }
  /** A plain HTTP server that takes messages, names an id and keeps them in memory. */
  | { readonly what: 'serve' };

/** What each order is answered by. */
export type Answers = Record<Exclude<Order['what'], 'serve'>, null> & { serve: { url: string } };

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

async function open(address: Address, phones: readonly string[]): Promise<void> {
  await inParallel(phones, LINKED_AT_ONCE, async (phone) => {
    sessions.push(await openSession(address, phone));
  });
  sessions.sort((a, b) => Number(a.phone) - Number(b.phone));
}

async function save(file: string): Promise<void> {
  const kept = sessions.map(({ phone, auth }) => [phone, keptAuth(auth)]);
  await writeFile(file, JSON.stringify(kept, BufferJSON.replacer));
}

function comeBack(address: Address, { auth, socket }: BareSession): void {
  socket.ev.on('connection.update', ({ connection }) => {
    if (connection !== 'close') return;
    logIn(address, auth).then(
      (anew) => comeBack(address, { phone: '', auth, socket: anew }),
      () => undefined,
    );
  });
}

async function sendFiles(file: string, to: readonly string[]): Promise<void> {
  const document = { document: { url: file }, mimetype: 'application/octet-stream', fileName: 'large.bin' };
  await Promise.all(to.map((phone) => sessions[0]?.socket.sendMessage(`${phone}@s.whatsapp.net`, document)));
}

function tell(url: string): void {
  for (const { socket } of sessions)
    socket.ev.on('messages.upsert', ({ messages }) => {
      for (const { key, message } of messages) {
        const event = { timestamp: Date.now(), data: { messageId: key.id, message } };
        void fetch(url, { method: 'POST', body: JSON.stringify(event) }).then((answer) => answer.arrayBuffer());
      }
    });
}

async function serve(): Promise<Answers['serve']> {
  const queue: unknown[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const messageId = generateMessageIDV2();
      queue.push({ ...(JSON.parse(body) as object), messageId });
      response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ data: { messageId } }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

obeyOrders(async (order: Order): Promise<Answers[Order['what']]> => {
  switch (order.what) {
    case 'greet':
      break;
    case 'open':
      await open(order.address, order.phones);
      break;
    case 'save':
      await save(order.file);
      break;
    case 'load':
      await load(order.address, order.file);
      break;
    case 'return':
      for (const session of sessions) comeBack(order.address, session);
      break;
    case 'write':
      await write(order.writings);
      break;
    case 'send-files':
      await sendFiles(order.file, order.to);
      break;
    case 'tell':
      tell(order.url);
      break;
    case 'serve':
      return await serve();
    default:
      order satisfies never;
  }
  return null;
});
