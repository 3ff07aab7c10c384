/** The WebSocket server clients connect to. It owns every connection and ends them all when it closes. */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import { PICTURE_FOLDER } from './social/social.ts';

/** Where WhatsApp Web's socket is. */
const PATH = '/ws/chat';

export interface ChatServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens, makes a connection of every client that comes to the right path, and serves pictures on theirs. */
export async function openChatServer(
  { host, port }: { host: string; port: number },
  connect: (socket: WebSocket) => Connection,
  pictureAt: (path: string) => Buffer | undefined,
): Promise<ChatServer> {
  const http = createServer(({ url = '' }, response) => respond(response, url, pictureAt(url)));
  const sockets = new WebSocketServer({ server: http, path: PATH });
  const connections = new Set<Connection>();
  sockets.on('connection', (socket) => {
    const connection = connect(socket);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  http.listen(port, host);
  await once(http, 'listening');
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      sockets.close();
      const closed = once(http, 'close');
      http.close();
      for (const connection of connections) connection.cut();
      await closed;
    },
  };
}

/** Whoever asks for no picture is a client that should have come by WebSocket. */
function respond(response: ServerResponse, url: string, picture: Buffer | undefined): void {
  if (picture) response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
  else response.writeHead(url.startsWith(PICTURE_FOLDER) ? 404 : 426).end();
}
