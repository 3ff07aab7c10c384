/** HTTP CONNECT (RFC 9110, 9.3.6) with basic authentication, the answering side. */
import type { Accept } from './proxies.ts';
import { Reader } from './bytes.ts';

const REASONS: Record<number, string> = {
  200: 'Connection established',
  407: 'Proxy Authentication Required',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export const acceptConnect: Accept = async (client, credentials) => {
  const reader = new Reader(client);
  const head = await reader.upTo('\r\n\r\n');
  reader.done();
  const answer = (status: number) => {
    const line = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}\r\n`;
    const asks = status === 407 ? 'Proxy-Authenticate: Basic realm="sandbox"\r\n' : '';
    if (status === 200) client.write(`${line}\r\n`);
    else client.end(`${line}${asks}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  };
  const target = /^CONNECT (?:\[([^\]]+)\]|([^:\s]+)):(\d+) HTTP/.exec(head);
  if (!target) {
    answer(405);
    throw new Error('only CONNECT is offered');
  }
  if (credentials) {
    const wanted = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    const given = /^proxy-authorization:\s*basic\s+(\S+)/im.exec(head)?.[1];
    if (given !== wanted) {
      answer(407);
      return null;
    }
  }
  return {
    host: target[1] ?? target[2] ?? '',
    port: Number(target[3]),
    answer: (outcome) => answer(outcome === 'connected' ? 200 : outcome === 'refused' ? 502 : outcome.status),
  };
};
