/**
 * A TCP relay in front of a server, whose connections can be frozen: then no byte passes either way, and neither side is
 * told, as when a router on the way loses power. Between real sockets, so that it holds for TLS and proxies as well.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Connections open through it now. */
  readonly open: number;
  /** What comes from now on is kept from both sides; new connections hang. */
  freeze(): void;
  /** Lets everything that was kept pass. */
  thaw(): void;
  /** Resets every connection. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens a relay on loopback to a port of this machine. Resolves when it listens. */
export async function openRelay(target: number): Promise<Relay> {
  const pairs = new Set<Socket>();
  let frozen = false;
  const keep = (socket: Socket) => {
    pairs.add(socket);
    socket.on('close', () => pairs.delete(socket));
    socket.on('error', () => socket.destroy());
    if (frozen) socket.pause();
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const behind = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    pass(client, behind);
    pass(behind, client);
    keep(client);
    keep(behind);
    if (!frozen) client.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size / 2;
    },
    freeze() {
      frozen = true;
      for (const socket of pairs) socket.pause();
    },
    thaw() {
      frozen = false;
      for (const socket of pairs) socket.resume();
    },
    cut() {
      for (const socket of pairs) socket.resetAndDestroy();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of pairs) socket.destroy();
      await closed;
    },
  };
}

/** By hand rather than `pipe`, which would resume a socket that is to stay frozen. */
function pass(from: Socket, to: Socket): void {
  from.on('data', (data) => void to.write(data));
  from.on('end', () => to.end());
  from.on('close', () => to.destroy());
}
