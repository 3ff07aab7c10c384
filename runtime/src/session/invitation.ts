/** How a phone is asked to accept the link while a connection waits for that: a QR code to scan, or a code to type. */
import { RuntimeError } from '../errors.ts';
import type { LiveSocket } from './socket.ts';
import type { Standing } from './standing.ts';

const secondsUntil = (until: number, now: number): number => Math.max(0, Math.round((until - now) / 1_000));

export class Invitation {
  readonly #standing: Standing;
  readonly #now: () => number;
  #shown: { socket: LiveSocket; qr: string; until: number } | null = null;

  constructor(standing: Standing, now: () => number) {
    this.#standing = standing;
    this.#now = now;
  }

  /** The connection has a new QR code. */
  show(socket: LiveSocket, qr: string, livesMs: number): void {
    this.#shown = { socket, qr, until: this.#now() + livesMs };
    // While a pairing code stands, the codes to scan go on beside it.
    if (this.#standing.reason !== 'enter_code') this.#standing.enter('qr', 'scan_qr');
  }

  /** The connection has ended, and what it showed is worth nothing. */
  end(): void {
    this.#shown = null;
  }

  /** The code to scan now and the seconds it has left; null when there is none. */
  qr(): { qr: string; expiresIn: number } | null {
    if (!this.#shown || this.#standing.status !== 'qr') return null;
    return { qr: this.#shown.qr, expiresIn: secondsUntil(this.#shown.until, this.#now()) };
  }

  /** A code to type at the phone with this number (digits only). See `Sessions.pairingCode` for what it throws. */
  async code(phone: string): Promise<{ code: string; expiresIn: number }> {
    const shown = this.#shown;
    if (!shown || this.#standing.status !== 'qr') throw new RuntimeError('pairing_not_ready');
    const { code, until } = await shown.socket.requestPairingCode(phone);
    if (this.#shown?.socket === shown.socket && this.#standing.status === 'qr')
      this.#standing.enter('qr', 'enter_code');
    return { code, expiresIn: secondsUntil(until, Date.now()) };
  }
}
