/** Headers of the owner's own that go with every delivery. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { RuntimeError } from '../errors.ts';

/** What says how to read the delivery, or belongs to the connection. */
const OURS = new Set([
  ...['content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'host', 'connection', 'keep-alive'],
  ...['upgrade', 'expect', 'te', 'trailer', 'proxy-authorization', 'proxy-connection', 'x-webhook-signature'],
]);

/** Throws `invalid_header` for what cannot be sent or is the runtime's to say. */
export function checkHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (OURS.has(name.toLowerCase()) || /^webhook-/i.test(name)) {
      throw new RuntimeError('invalid_header', { details: [`${name}: is set by the runtime`] });
    }
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (cause) {
      throw new RuntimeError('invalid_header', { details: [`${name}: cannot be sent in HTTP`], cause });
    }
  }
}
