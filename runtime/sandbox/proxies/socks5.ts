/** SOCKS5 (RFC 1928) with user and password (RFC 1929), the answering side. */
import type { Accept } from './proxies.ts';
import { Reader } from './bytes.ts';

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_PASSWORD = 2;
const NO_METHOD = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const SUCCEEDED = 0;
const REFUSED = 5;
/** The bound address of an answer; clients do not look at it. */
const NOWHERE = [0, IPV4, 0, 0, 0, 0, 0, 0];

export const acceptSocks: Accept = async (client, credentials) => {
  const reader = new Reader(client);
  const [version, count] = await reader.take(2);
  if (version !== VERSION) throw new Error('not SOCKS5');
  const methods = await reader.take(count ?? 0);
  const method = credentials ? USER_PASSWORD : NO_AUTHENTICATION;
  if (!methods.includes(method)) {
    client.end(Buffer.from([VERSION, NO_METHOD]));
    return null;
  }
  client.write(Buffer.from([VERSION, method]));
  if (credentials) {
    const [, userLength] = await reader.take(2);
    const user = (await reader.take(userLength ?? 0)).toString();
    const [passwordLength] = await reader.take(1);
    const password = (await reader.take(passwordLength ?? 0)).toString();
    const known = user === credentials.user && password === credentials.password;
    if (!known) {
      client.end(Buffer.from([1, 1]));
      return null;
    }
    client.write(Buffer.from([1, 0]));
  }
  const [, command, , type] = await reader.take(4);
  const host = await readHost(reader, type);
  const port = (await reader.take(2)).readUInt16BE(0);
  reader.done();
  if (command !== CONNECT) throw new Error('only CONNECT is offered');
  return {
    ...{ host, port },
    answer(outcome) {
      const code = outcome === 'connected' ? SUCCEEDED : REFUSED;
      const bytes = Buffer.from([VERSION, code, ...NOWHERE]);
      if (outcome === 'connected') client.write(bytes);
      else client.end(bytes);
    },
  };
};

async function readHost(reader: Reader, type: number | undefined): Promise<string> {
  if (type === IPV4) return [...(await reader.take(4))].join('.');
  if (type === NAME) {
    const [length] = await reader.take(1);
    return (await reader.take(length ?? 0)).toString();
  }
  if (type !== IPV6) throw new Error('an address of unknown kind');
  const bytes = await reader.take(16);
  return Array.from({ length: 8 }, (_none, at) => bytes.readUInt16BE(2 * at).toString(16)).join(':');
}
