/**
 * The log: pino, JSON lines, object first, errors under `err`, session and message ids always. Message texts, phone
 * numbers and keys are never logged; what could carry them is redacted by name.
 */
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const SECRET_FIELDS = ['apiKey', 'secret', 'proxyUrl', 'authorization', 'text', 'phone', 'to', 'jid', 'qr'];

export const createLog = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[hidden]' },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  );

/**
 * Closes the console for good. libsignal prints whole sessions to it, private keys included, on every new session
 * (libsignal/src/session_record.js:273 and others); nothing of ours writes there.
 */
export function closeConsole(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) {
    globalThis.console[method] = () => undefined;
  }
}
