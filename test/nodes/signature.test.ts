import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { faultOf, TOLERANCE_SECONDS } from '../../nodes/WhatsAppConnectorTrigger/signature.ts';

// The reference library signs; our check must agree with it.
const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`;
const OTHER = `whsec_${Buffer.from('another secret of the same').toString('base64')}`;
const NOW = 1_790_000_000;
const BODY = Buffer.from('{"event":"message","data":{"text":"¡Olé! 👋"}}');

function delivery({ id = 'evt_1', at = NOW, body = BODY, secret = SECRET } = {}) {
  const signature = new Webhook(secret).sign(id, new Date(at * 1000), body.toString());
  return {
    headers: { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signature },
    rawBody: body,
  };
}

test('a delivery signed with the secret passes, over its bytes and not over its parsed form', () => {
  expect(faultOf(delivery(), SECRET, NOW)).toBeNull();
});

test('while a secret changes, one fitting signature among several is enough', () => {
  const old = delivery({ secret: OTHER }).headers['webhook-signature'];
  const signed = delivery();
  const headers = { ...signed.headers, 'webhook-signature': `${old} v1a,abc ${signed.headers['webhook-signature']}` };
  expect(faultOf({ ...signed, headers }, SECRET, NOW)).toBeNull();
});

test.each([
  ['another secret', delivery({ secret: OTHER })],
  ['a changed body', { ...delivery(), rawBody: Buffer.from(BODY.toString().replace('Olé', 'Ole')) }],
  ['another id', { ...delivery(), headers: { ...delivery().headers, 'webhook-id': 'evt_2' } }],
  ['another time', { ...delivery(), headers: { ...delivery().headers, 'webhook-timestamp': String(NOW + 1) } }],
  ['a signature cut short', { ...delivery(), headers: { ...delivery().headers, 'webhook-signature': 'v1,' } }],
])('a delivery with %s does not fit', (_what, forged) => {
  expect(faultOf(forged, SECRET, NOW)).toMatch(/does not fit/);
});

test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('a delivery without %s is not signed', (header) => {
  const signed = delivery();
  expect(faultOf({ ...signed, headers: { ...signed.headers, [header]: undefined } }, SECRET, NOW)).toMatch(
    /not signed/,
  );
});

test('a delivery recorded and sent again is refused once the window has passed, either way', () => {
  const late = NOW + TOLERANCE_SECONDS;
  expect(faultOf(delivery(), SECRET, late)).toBeNull();
  expect(faultOf(delivery(), SECRET, late + 1)).toMatch(/more than 300 seconds/);
  expect(faultOf(delivery({ at: NOW + TOLERANCE_SECONDS + 1 }), SECRET, NOW)).toMatch(/more than 300 seconds/);
});

test('a time that is no number is refused before anything is computed with it', () => {
  const headers = { ...delivery().headers, 'webhook-timestamp': '1e9' };
  expect(faultOf({ ...delivery(), headers }, SECRET, NOW)).toMatch(/not a time/);
});
