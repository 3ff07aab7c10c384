/**
 * How long it may take to get in. The client limits the handshake only, and by a time that it then allows for everything it
 * writes: a server that falls silent after it, where the login should be answered, is waited for for ever.
 */
import type { WASocket } from '@whiskeysockets/baileys';

/** From the server's first word to being logged in, or to the first QR code. */
const LOGIN_MS = 10_000;
/** A way through a proxy has the time to itself, so that what is wrong with the proxy is said first. */
const PROXY_FIRST_MS = 1_000;

/** Calls `onLate` when the connection is neither in, nor showing a code, nor over in time. */
export function limitEntering(sock: WASocket, connectTimeoutMs: number, onLate: () => void): void {
  let timer = setTimeout(onLate, connectTimeoutMs + PROXY_FIRST_MS);
  const answered = () => {
    clearTimeout(timer);
    timer = setTimeout(onLate, LOGIN_MS);
  };
  sock.ws.once('frame', answered);
  sock.ev.on('connection.update', ({ qr, connection }) => {
    if (!qr && connection !== 'open' && connection !== 'close') return;
    sock.ws.off('frame', answered);
    clearTimeout(timer);
  });
}
