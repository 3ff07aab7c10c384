/** The guarded way out, against real connections on loopback. */
import type { lookup } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { openProxy, type Proxy } from '../../runtime/sandbox/proxies/proxies.ts';
import { createEgress, openWayOut, type Egress } from '../../runtime/src/proxy/proxy.ts';

let server: Server;
let port: number;
let calls = 0;
let egress: Egress | undefined;

afterEach(() => egress?.close());

const open = (...allow: string[]) => (egress = createEgress({ allow }));
const call = async (to: Egress, host: string) => {
  const response = await request(`http://${host}:${port}/`, { dispatcher: to.dispatcher });
  return response.body.text();
};

describe('check', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://10.1.2.3/',
    'http://172.31.255.255/',
    'http://192.168.1.1:8080/hook',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://255.255.255.255/',
    'http://224.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::127.0.0.1]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[ff02::1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://hooks.localhost/',
  ])('refuses %s as private', (url) => {
    expect(() => open().check(url)).toThrow(expect.objectContaining({ code: 'address_not_allowed' }));
  });

  test.each(['', 'example.com', 'ftp://example.com/', 'file:///etc/passwd', 'javascript:1', 'http://', 'http://%/'])(
    'refuses %j as no http address',
    (url) => {
      expect(() => open().check(url)).toThrow(expect.objectContaining({ code: 'invalid_webhook_url' }));
    },
  );

  test.each([
    'http://example.com/hook',
    'https://user:password@example.com:8443/a?b=c',
    'http://8.8.8.8/',
    'http://172.32.0.1/',
    'https://[2606:4700::1111]/',
    'https://[::ffff:8.8.8.8]/',
  ])('takes %s', (url) => {
    expect(() => open().check(url)).not.toThrow();
  });

  test('takes what the operator allowed, as a host, an address or a network, and nothing near it', () => {
    const guard = open('n8n', '10.0.0.5', '192.168.7.0/24', 'fd00::/16');
    for (const url of ['http://n8n:5678/', 'http://10.0.0.5/', 'http://192.168.7.9/', 'http://[fd00::9]/'])
      guard.check(url);
    for (const url of ['http://10.0.0.6/', 'http://192.168.8.1/', 'http://[fd01::9]/']) {
      expect(() => guard.check(url)).toThrow(expect.objectContaining({ code: 'address_not_allowed' }));
    }
  });

  test.each(['10.0.0.0/33', '10.0.0.0/x', 'http://example.com', 'a b', '', '::/129', '10.0.0.0/8/8'])(
    'an allowance that means nothing, %j, is an error at the start',
    (entry) => {
      expect(() => createEgress({ allow: [entry] })).toThrow(/OUTBOUND_ALLOW/);
    },
  );
});

describe('connections', () => {
  beforeAll(async () => {
    server = createServer((_request, response) => {
      calls += 1;
      response.end('reached');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  test.each(['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', 'localhost'])(
    'to %s are refused although a server listens there',
    async (host) => {
      const before = calls;
      await expect(call(open(), host)).rejects.toMatchObject({ code: 'address_not_allowed' });
      expect(calls).toBe(before);
    },
  );

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8', '127.0.0.1'],
    ['127.0.0.1', '[::ffff:127.0.0.1]'],
    ['127.0.0.1', 'localhost'],
    ['localhost', 'localhost'],
  ])('with %s allowed reach %s', async (allow, host) => {
    expect(await call(open(allow), host)).toBe('reached');
  });

  /** A name server whose answers change: an allowed address, where nothing listens, for whoever checks; then the server's. */
  function rebinding() {
    const answers = ['127.0.0.2', '127.0.0.1'];
    const asked: string[] = [];
    const resolve = ((name: string, _options: object, callback: (error: null, found: object[]) => void) => {
      const address = answers[Math.min(asked.push(name), answers.length) - 1];
      callback(null, [{ address, family: 4 }]);
    }) as unknown as typeof lookup;
    return { resolve, asked };
  }

  test('a name is asked for once a connection: an answer that changes after the check is not connected to', async () => {
    const { resolve, asked } = rebinding();
    egress = createEgress({ allow: ['127.0.0.2'], resolve });
    const before = calls;
    await expect(call(egress, 'rebind.example')).rejects.toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.2' });
    await expect(call(egress, 'rebind.example')).rejects.toMatchObject({ code: 'address_not_allowed' });
    expect(asked).toEqual(['rebind.example', 'rebind.example']);
    expect(calls).toBe(before);
  });

  describe.each(['socks5', 'http'] as const)('through a %s proxy', (kind) => {
    let proxy: Proxy;
    beforeAll(async () => {
      proxy = await openProxy({ kind });
    });
    afterAll(() => proxy.close());
    const by = (guard: Egress) => guard.by(openWayOut(proxy.url, 2_000));

    test('the proxy is asked for the address that was checked, never for a name', async () => {
      const way = by(open('127.0.0.1'));
      const response = await request(`http://localhost:${port}/`, { dispatcher: way.dispatcher });
      expect(await response.body.text()).toBe('reached');
      expect([...proxy.destinations.keys()]).toEqual([`127.0.0.1:${port}`]);
      await way.close();
    });

    test('an address that must not be called is not asked of it, whatever its name says', async () => {
      const before = new Map(proxy.destinations);
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', '0177.0.0.1', 'localhost']) {
        const way = by(open());
        const asked = request(`http://${host}:${port}/`, { dispatcher: way.dispatcher });
        await expect(asked).rejects.toMatchObject({ code: 'address_not_allowed' });
        await way.close();
        await egress?.close();
      }
      expect(new Map(proxy.destinations)).toEqual(before);
    });

    test('a name is resolved once for each connection, and a private answer ends it', async () => {
      const { resolve, asked } = rebinding();
      egress = createEgress({ allow: ['127.0.0.2'], resolve });
      const way = by(egress);
      await expect(request(`http://rebind.example:${port}/`, { dispatcher: way.dispatcher })).rejects.toThrow(
        'the proxy',
      );
      await expect(request(`http://rebind.example:${port}/`, { dispatcher: way.dispatcher })).rejects.toMatchObject({
        code: 'address_not_allowed',
      });
      expect(asked).toEqual(['rebind.example', 'rebind.example']);
      await way.close();
    });
  });

  test('an allowed name does not open the address behind it', async () => {
    await expect(call(open('localhost'), '127.0.0.1')).rejects.toMatchObject({ code: 'address_not_allowed' });
  });
});
