/** How a connection of the client is ended, and what of it that ends with it. */
import type { WASocket } from '@whiskeysockets/baileys';

/** The code of a connection that was closed on purpose. */
export const CLOSED = 428;

/** Baileys' errors are Booms; only these two fields of them are used. */
export interface ClosingError {
  message: string;
  output?: { statusCode?: number };
}

/** An error that closes a socket with a status code the disconnect policy knows. */
export const closing = (code: number, message: string): Error =>
  Object.assign(new Error(message), { output: { statusCode: code } });

/**
 * B4: queries under way would hang until their own time-out of a minute, and so would those that the client goes on to when keys
 * it waited for have come; this is the event they listen to.
 */
export function endQueries({ ws }: WASocket): void {
  const over = () => void ws.emit('error', closing(CLOSED, 'Connection Closed'));
  over();
  ws.on('newListener', (event: string | symbol) => {
    if (String(event).startsWith('TAG:')) queueMicrotask(over);
  });
}
