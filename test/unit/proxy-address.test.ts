/** Addresses of proxies as people write them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RuntimeError } from '../../runtime/src/errors.ts';
import { parseProxyUrl } from '../../runtime/src/proxy-address.ts';

const why = (text: string): string[] => {
  try {
    parseProxyUrl(text);
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 'invalid_proxy_url') return error.details;
    throw error;
  }
  return ['accepted'];
};

test.each([
  ['socks5://proxy.example:1080', 'socks5', 'proxy.example', 1080],
  ['socks5h://proxy.example:1080', 'socks5', 'proxy.example', 1080],
  ['socks://proxy.example', 'socks5', 'proxy.example', 1080],
  ['  socks5://192.0.2.7:9050/ ', 'socks5', '192.0.2.7', 9050],
  ['socks5://[2001:db8::1]:1080', 'socks5', '2001:db8::1', 1080],
  ['http://proxy.example', 'http', 'proxy.example', 80],
  ['http://[2001:db8::1]:3128', 'http', '2001:db8::1', 3128],
  ['https://proxy.example', 'https', 'proxy.example', 443],
])('%s is read', (text, protocol, host, port) => {
  expect(parseProxyUrl(text)).toMatchObject({ protocol, host, port, user: '', password: '' });
});

test('user and password are decoded, and not shown', () => {
  const address = parseProxyUrl('socks5h://us%40er:p%C3%A4%20%3A%25@proxy.example:1080');
  expect(address).toMatchObject({ user: 'us@er', password: 'pä :%', shown: 'socks5://proxy.example:1080' });
});

test('one address written in different ways is one address', () => {
  const forms = [
    'socks5://u:p@[2001:db8:0::1]',
    'socks5h://u:p@[2001:db8::1]:1080/',
    'socks://%75:p@[2001:db8::1]:1080',
  ];
  expect(new Set(forms.map((form) => parseProxyUrl(form).href.toLowerCase())).size).toBeLessThanOrEqual(2);
  expect(parseProxyUrl('HTTP://U:p@PROXY.example').href).toBe(parseProxyUrl('http://U:p@proxy.example:80').href);
});

describe('what cannot be an address is refused, with what is wrong', () => {
  test.each([
    ['proxy.example:1080', /protocol is missing/],
    ['127.0.0.1:1080', /protocol is missing/],
    ['user:secret@proxy.example:1080', /protocol is missing/],
    ['ftp://proxy.example', /must begin/],
    ['socks4://proxy.example', /must begin/],
    ['', /must begin/],
    ['socks5://', /must begin|host is missing/],
    ['socks5://:1080', /must begin|host is missing/],
    ['socks5://pro xy.example', /must begin|host/],
    ['http://proxy.example/path', /nothing may follow/],
    ['socks5://proxy.example?x=1', /nothing may follow/],
    ['socks5://proxy.example:0', /port cannot be 0/],
    ['socks5://u:100%@proxy.example', /write % as %25/],
    ['socks5://:secret@proxy.example', /without a user/],
    [`socks5://${'u'.repeat(256)}:p@proxy.example`, /255 bytes/],
    ['http://a%3Ab:secret@proxy.example', /colon/],
  ])('%s', (text, expected) => {
    const details = why(text);
    expect(details.join()).toMatch(expected);
    expect(details.join()).not.toContain('secret');
  });
});

test('whatever characters user and password have, they come back, and none of them is shown', () => {
  // Half a surrogate pair is no text and cannot be encoded.
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((part) => part.isWellFormed());
  fc.assert(
    fc.property(text, text, (user, password) => {
      const written = `socks5://${encodeURIComponent(user)}:${encodeURIComponent(password)}@proxy.example:1`;
      const address = parseProxyUrl(written);
      expect(address).toMatchObject({ user, password, shown: 'socks5://proxy.example:1' });
      expect(parseProxyUrl(address.href)).toEqual(address);
    }),
  );
});
