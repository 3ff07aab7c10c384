import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the sender's clock and ours may be apart; also how long a captured delivery could be replayed. */
export const TOLERANCE_SECONDS = 300;

export interface SignedDelivery {
  headers: Record<string, unknown>;
  /** The bytes as they came: parsed and written again they would not be the ones that were signed. */
  rawBody: Buffer;
}

/**
 * Checks a delivery by the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`, keyed with the bytes behind
 * `whsec_`. Several signatures may be given while the secret changes; one that fits is enough. Returns what is wrong
 * with it, or null when nothing is.
 */
export function faultOf(delivery: SignedDelivery, secret: string, nowSeconds: number): string | null {
  const id = delivery.headers['webhook-id'];
  const timestamp = delivery.headers['webhook-timestamp'];
  const signatures = delivery.headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return 'The delivery is not signed: webhook-id, webhook-timestamp and webhook-signature are needed.';
  }
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is not a time in seconds.';
  if (Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) {
    return `webhook-timestamp is more than ${TOLERANCE_SECONDS} seconds away from this clock.`;
  }
  const expected = sign(id, timestamp, delivery.rawBody, secret);
  const fits = signatures.split(' ').some((signature) => sameInConstantTime(signature, expected));
  return fits ? null : 'webhook-signature does not fit this delivery.';
}

function sign(id: string, timestamp: string, body: Buffer, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

function sameInConstantTime(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
