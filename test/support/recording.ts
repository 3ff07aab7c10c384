/** Everything of one kind that a plain client emits while something is done to it. */
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import type { WhatsAppClient } from './baileys-client.ts';

export async function recording<K extends keyof BaileysEventMap>(
  { socket }: WhatsAppClient,
  kind: K,
  action: () => Promise<unknown>,
): Promise<{ seen: BaileysEventMap[K][] }> {
  const seen: BaileysEventMap[K][] = [];
  const listen = (event: BaileysEventMap[K]) => void seen.push(event);
  socket.ev.on(kind, listen);
  try {
    await action();
    socket.ev.flush();
    return { seen };
  } finally {
    socket.ev.off(kind, listen);
  }
}
