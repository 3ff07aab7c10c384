/**
 * libsignal prints whole sessions, private keys included, to the console (libsignal/src/session_record.js:273 and
 * others, on every new session). Nothing else in this process writes to the console, so it is closed for good.
 */
let closed = false;

export function closeConsole(): void {
  if (closed) return;
  closed = true;
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) {
    // The globals of the module that prints, not an import: libsignal uses the bare name.
    globalThis.console[method] = () => undefined;
  }
}
