/** What a plain client emits while something is done to it. */
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import type { WhatsAppClient } from './baileys-client.ts';
import { within } from './deadline.ts';

const DEADLINE_MS = 10_000;

/** The first event of a kind that fits, from when the action begins; awaits both. */
export async function emitted<K extends keyof BaileysEventMap>(
  { socket }: WhatsAppClient,
  kind: K,
  action: () => unknown,
  fits: (event: BaileysEventMap[K]) => boolean = () => true,
): Promise<BaileysEventMap[K]> {
  const { promise, resolve } = Promise.withResolvers<BaileysEventMap[K]>();
  const listen = (event: BaileysEventMap[K]) => {
    if (fits(event)) resolve(event);
  };
  socket.ev.on(kind, listen);
  try {
    await action();
    return await within(DEADLINE_MS, kind, promise);
  } finally {
    socket.ev.off(kind, listen);
  }
}
