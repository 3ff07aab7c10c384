/** A server that can go down and come up again where it was, one at a time, and not any more once it is closed. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface Listening {
  readonly port: number;
  /** Stops listening and cuts everybody, as a server that is down. */
  goDown(): Promise<void>;
  /** Listens again where it did. */
  comeUp(): Promise<void>;
  /** Goes down for good. */
  close(): Promise<void>;
}

/** Makes a server listen; resolves when it does. `cut` is called first when it goes down. */
export async function listening(
  server: Server,
  { host, port: wanted }: { host: string; port: number },
  cut: () => void = () => undefined,
): Promise<Listening> {
  const left = new Set<Socket>();
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (action: () => Promise<void>): Promise<void> => {
    const turn = last.then(action);
    last = turn.catch(() => undefined);
    return turn;
  };
  server.on('connection', (socket: Socket) => {
    left.add(socket);
    socket.on('close', () => left.delete(socket));
  });
  const listen = async (port: number) => {
    server.listen(port, host);
    await once(server, 'listening');
  };
  const goDown = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    for (const socket of left) socket.destroy();
    await closed;
  };
  await listen(wanted);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    goDown: () => inTurn(goDown),
    comeUp: () => inTurn(async () => void (isClosed || server.listening || (await listen(port)))),
    close() {
      isClosed = true;
      return inTurn(goDown);
    },
  };
}
