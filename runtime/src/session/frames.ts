/** What comes over a connection, before the client sees it. */
import type { WASocket } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';

/**
 * B1: the client's frame handler is async and nobody catches; one bad frame would end the whole process. And a process that was
 * frozen finds here, before any timer tells it, frames that are no more its own.
 */
export function containCorruptFrames(
  sock: WASocket,
  mayAct: () => boolean,
  onLost: () => void,
  onCorrupt: (error: Error) => void,
): void {
  for (const listener of sock.ws.listeners('message') as ((data: Uint8Array) => Promise<void>)[]) {
    sock.ws.off('message', listener);
    sock.ws.on('message', (data: Uint8Array) => {
      if (!mayAct()) onLost();
      else Promise.resolve(listener(data)).catch((error: unknown) => onCorrupt(toError(error)));
    });
  }
}
