/**
 * The client library's log, cut to what may be kept: its warnings and errors with the message and the error's own
 * message, never the objects it adds, which hold stanzas, message texts and keys.
 */
import { isNativeError } from 'node:util/types';
import type { SocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from '../log.ts';

type ClientLogger = SocketConfig['logger'];

/** Logged by the client at error level on every stream error, the ordinary restart after pairing included; the
 * disconnect policy reports those in its own words. */
const REPORTED_ELSEWHERE = new Set(['stream errored out']);

/** What everything fails with that was under way when the connection went; that is reported elsewhere too. */
const CONNECTION_GONE = /^Connection Closed$|\b(ECONNRESET|EPIPE)\b/;

/** `ended` tells whether the connection is over: what fails after that fails because of it. */
export function clientLog(log: Logger, ended: () => boolean): ClientLogger {
  const write = (level: 'warn' | 'error') => (object: unknown, message?: string) => {
    const said = message ?? (typeof object === 'string' ? object : 'no message');
    const cause = causeOf(object);
    const as = ended() || CONNECTION_GONE.test(cause ?? '') || REPORTED_ELSEWHERE.has(said) ? 'debug' : level;
    log[as]({ client: said, cause }, 'WhatsApp client');
  };
  const nothing = () => undefined;
  const logger: ClientLogger = {
    level: 'warn',
    child: () => logger,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: write('warn'),
    error: write('error'),
  };
  return logger;
}

function causeOf(object: unknown): string | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  // It has as many names for the error as places that log one: err, error, e, ackErr.
  // Not `instanceof`: an error of Node's own, such as that of a broken pipe, may come from another realm.
  const thrown = isNativeError(object) ? object : Object.values(object).find(isNativeError);
  if (thrown) return thrown.message;
  const { trace } = object as { trace?: unknown };
  // Of a stack only what it begins with.
  return typeof trace === 'string' ? /^Error: (.*)$/m.exec(trace)?.[1] : undefined;
}
