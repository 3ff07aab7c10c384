/** The headers that let a receiver be sure an event came from here, unchanged and just now. */
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

const STANDARD_PREFIX = 'whsec_';

/**
 * Standard Webhooks headers, with one signature for each live secret, and the plain `X-Webhook-Signature` over the body
 * with the newest. A secret of the operator's own that is not `whsec_…` is used as it is.
 */
export function signatureHeaders(id: string, body: string, secrets: string[], now: number): Record<string, string> {
  const at = new Date(now);
  const signatures = secrets.map((secret) => signer(secret).sign(id, at, body));
  const [newest = ''] = secrets;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': signatures.join(' '),
    'x-webhook-signature': `sha256=${createHmac('sha256', newest).update(body).digest('hex')}`,
  };
}

const signer = (secret: string): Webhook =>
  secret.startsWith(STANDARD_PREFIX) ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: 'raw' });
