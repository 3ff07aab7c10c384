/** What a configuration value may be: reading one text, or saying what is wrong without repeating it (it may be secret). */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { RuntimeError } from './errors.ts';
import { parseProxyUrl } from './proxy-address.ts';

export type Read<T> = { value: T } | { problem: string };

/** A kind of value: its name in the documentation and how its text is read. */
export interface ValueKind<T> {
  type: string;
  read(text: string): Read<T>;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** True for `localhost` and the loopback addresses; brackets around an IPv6 address are allowed, as in a URL. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIPv4(address)) return loopback.check(address);
  if (isIPv6(address)) return loopback.check(address, 'ipv6');
  return address.toLowerCase() === 'localhost';
}

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const isHost = (text: string) => isIP(text) > 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text));

/** A whole number from `min` to `max`. */
export const wholeNumber = (min: number, max: number): ValueKind<number> => ({
  type: `whole number, ${min} to ${max}`,
  read(text) {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? { value } : { problem: `must be a whole number from ${min} to ${max}` };
  },
});

/** `true` or `false`. */
export const trueOrFalse: ValueKind<boolean> = {
  type: 'true or false',
  read(text) {
    const word = text.toLowerCase();
    return word === 'true' || word === 'false' ? { value: word === 'true' } : { problem: 'must be true or false' };
  },
};

/** One of a closed list of words. */
export const oneOf = <const Word extends string>(...words: Word[]): ValueKind<Word> => ({
  type: `one of ${words.join(', ')}`,
  read(text) {
    const value = words.find((word) => word === text);
    return value === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value };
  },
});

/** A text that an HTTP header can carry: no spaces, at least `min` characters. */
export const token = (min: number): ValueKind<string> => ({
  type: min > 1 ? `text without spaces, at least ${min} characters` : 'text without spaces',
  read(text) {
    if (!/^[\x21-\x7e]+$/.test(text)) return { problem: 'must be printable ASCII without spaces' };
    return text.length < min ? { problem: `must have at least ${min} characters` } : { value: text };
  },
});

/** A path of the file system. */
export const directory: ValueKind<string> = {
  type: 'directory',
  read: (text) => (text.includes('\0') ? { problem: 'must be a directory' } : { value: text }),
};

/** The name or path of a program. */
export const program: ValueKind<string> = {
  type: 'name or path of a program',
  read: (text) => (text.includes('\0') ? { problem: 'must be the name or the path of a program' } : { value: text }),
};

/** An address or host name to listen on. */
export const host: ValueKind<string> = {
  type: 'host name or IP address',
  read: (text) => (isHost(text) ? { value: text } : { problem: 'must be a host name or an IP address' }),
};

/** 32 bytes in hex. */
export const hexKey: ValueKind<string> = {
  type: '64 hex digits',
  read: (text) =>
    /^[0-9a-fA-F]{64}$/.test(text) ? { value: text.toLowerCase() } : { problem: 'must be 64 hex digits (32 bytes)' },
};

/** A full URL with one of these protocols. */
export const urlWith = (...protocols: string[]): ValueKind<string> => ({
  type: `URL beginning ${protocols.map((name) => `${name}://`).join(', ')}`,
  read(text) {
    const url = URL.parse(text);
    const known = url && protocols.includes(url.protocol.slice(0, -1)) && url.hostname !== '';
    return known ? { value: text } : { problem: `must be a URL beginning ${protocols.join(':// or ')}://` };
  },
});

/** The address of a proxy, as `parseProxyUrl` reads it. */
export const proxyUrl: ValueKind<string> = {
  type: 'URL beginning socks5://, socks5h://, socks://, http://, https://',
  read(text) {
    try {
      return { value: parseProxyUrl(text).href };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return { problem: error.details.join('; ').replace(/^proxy: /, '') };
    }
  },
};

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (bits === undefined) return isHost(text);
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width;
}

/** A comma-separated list of host names, IP addresses and CIDR networks. */
export const networks: ValueKind<readonly string[]> = {
  type: 'comma-separated host names, IP addresses and CIDR networks',
  read(text) {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    const bad = entries.findIndex((entry) => !isNetwork(entry));
    if (bad >= 0) return { problem: `entry ${bad + 1} is not a host name, IP address or CIDR network` };
    return { value: Object.freeze(entries) };
  },
};
