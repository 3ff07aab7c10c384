/**
 * Keeps web pages of other origins from steering the sandbox: any page in a browser on this machine can send requests to
 * loopback, and one whose name was made to point there (DNS rebinding) can read the answers too.
 */
import type { IncomingMessage } from 'node:http';
import { ControlError } from './control-route.ts';

const NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const HTTP_PORT = 80;
const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Throws a 403 for a request that was meant for another host or comes from another origin, a 415 for a body that is no JSON. */
export function requireOwn({ headers, socket }: IncomingMessage): void {
  const port = socket.localPort ?? 0;
  const hosts = NAMES.flatMap((name) => (port === HTTP_PORT ? [name, `${name}:${port}`] : [`${name}:${port}`]));
  const { host = '', origin } = headers;
  if (!hosts.includes(host.toLowerCase())) {
    throw new ControlError(403, `requests are for ${hosts.join(' or ')}, not for the host ${JSON.stringify(host)}`);
  }
  if (origin !== undefined && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    throw new ControlError(
      403,
      `pages of ${JSON.stringify(origin)} may not steer the sandbox; ask from a program, or from the page it serves itself`,
    );
  }
  // A form of another page, which no browser asks about first, can send any body but this.
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (hasBody && !JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw new ControlError(415, 'a body is JSON: send it with the header content-type: application/json');
  }
}
