/** Wherever a file's address sends the runtime on to, it goes to no place it would not have gone to at first. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { issueCertificate } from '../../runtime/sandbox/media/certificate.ts';
import { startFileHost, type FileHost } from '../support/file-host.ts';
import { friendOf, PHONE, startFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { trustAuthority, trustMediaHost } from '../support/trust.ts';

const CONTACT = '15550100601';
const FILES = { 'bench.jpg': SAMPLES.jpeg };
let flow: Flow;
let receiver: Receiver;
let host: FileHost;
let secure: FileHost;
/** Where the runtime must not go: on loopback too, but only 127.0.0.1 is allowed. */
let inside: FileHost;

beforeAll(async () => {
  receiver = await startReceiver();
  const { authority, certificate: cert, key } = await issueCertificate('127.0.0.1');
  host = await startFileHost(FILES);
  secure = await startFileHost(FILES, { tls: { cert, key } });
  inside = await startFileHost(FILES, { address: '127.0.0.2' });
  flow = await startFlow();
  trustMediaHost(flow.sandbox);
  trustAuthority(authority);
  await flow.link('sales', PHONE, { webhookUrl: receiver.url });
  await friendOf(flow, receiver, CONTACT);
}, 60_000);
afterAll(async () => {
  await flow?.end();
  for (const each of [host, secure, inside]) await each?.close();
  await receiver?.stop();
}, 30_000);

/** Each with a text of its own, or the second would be a duplicate. */
const send = (url: string) =>
  flow.call('POST', '/messages/image', {
    sessionId: 'sales',
    to: CONTACT,
    url,
    caption: `from ${new URL(url).search}`,
  });
/** An address there that sends on to another. */
const by = ({ url }: FileHost, to: string) => `${url}/elsewhere/bench.jpg?to=${encodeURIComponent(to)}`;
const port = ({ url }: FileHost) => new URL(url).port;

describe('an address that sends on', () => {
  const REFUSED: [string, () => string][] = [
    ['into a private network', () => by(host, `${inside.url}/bench.jpg`)],
    ['into a private network by way of others', () => by(host, by(secure, by(host, `${inside.url}/bench.jpg`)))],
    ['into a private network without naming the protocol', () => by(host, `//127.0.0.2:${port(inside)}/bench.jpg`)],
    ['from HTTPS into a private network by HTTP', () => by(secure, `${inside.url}/bench.jpg`)],
    ['into a private network, as a number', () => by(host, `http://${0x7f000002}:${port(inside)}/bench.jpg`)],
    ['into a private network, in octal', () => by(host, `http://0177.0.0.2:${port(inside)}/bench.jpg`)],
    ['into a private network, as IPv6', () => by(host, `http://[::ffff:127.0.0.2]:${port(inside)}/bench.jpg`)],
    ['to the metadata of a cloud', () => by(host, 'http://169.254.169.254/latest/meta-data/')],
  ];
  test.each(REFUSED)('%s is refused, and nobody there is asked', async (_what, address) => {
    const { status, body } = await send(address());
    expect([status, body.error?.code]).toEqual([400, 'address_not_allowed']);
    expect(inside.asked).toEqual([]);
  });

  const times = (count: number): string =>
    count === 0 ? `${host.url}/bench.jpg` : by(count % 2 === 0 ? host : secure, times(count - 1));
  test('five times is followed, from HTTPS to HTTP and back as well, and no further', async () => {
    expect((await send(times(5))).status).toBe(202);
    const { status, body } = await send(times(6));
    expect([status, body.error.code, body.error.details]).toEqual([422, 'file_not_fetched', ['more than 5 redirects']]);
  });

  test.each<[string, () => [FileHost, FileHost], number]>([
    ['the same host is given the password again', () => [secure, secure], 202],
    ['the same machine by HTTP is not, where all could read it', () => [secure, host], 422],
    ['another host is not', () => [host, secure], 422],
  ])('of one behind a password %s', async (_what, hosts, wanted) => {
    const [from, to] = hosts();
    const url = new URL(by(from, `${to.url}/locked/bench.jpg`));
    Object.assign(url, { username: 'ann', password: 'se cret' });
    const { status, body } = await send(url.href);
    expect([status, body.error?.details]).toEqual([
      wanted,
      wanted === 202 ? undefined : ['the server answered HTTP 401'],
    ]);
  });
});
