/** The WebSocket server clients connect to. It owns every connection and ends them all when it closes. */
import { createServer, STATUS_CODES, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import type { Interferences } from './faults/interference.ts';

/** Where WhatsApp Web's socket is. */
const PATH = '/ws/chat';

export interface ChatServer {
  readonly port: number;
  /** TCP connections accepted so far: what reached the server by any way, through a proxy or around it. */
  readonly accepted: number;
  /** Stops listening and cuts everybody, as a server that is down. */
  goDown(): Promise<void>;
  /** Listens again where it did. */
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

export interface ChatServerParts {
  connect(socket: WebSocket): Connection;
  interferences: Interferences;
}

/** Listens, and makes a connection of every client that comes to the right path by WebSocket. */
export async function openChatServer(
  { host, port: wanted }: { host: string; port: number },
  { connect, interferences }: ChatServerParts,
): Promise<ChatServer> {
  const http = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ noServer: true });
  const connections = new Set<Connection>();
  const left = new Set<Socket>();
  let accepted = 0;
  http.on('connection', (socket) => {
    accepted++;
    left.add(socket);
    socket.on('close', () => left.delete(socket));
  });
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== PATH) return refuse(socket, 400);
    if (interferences.hangsAt('upgrade')) return;
    const answer = interferences.upgrade();
    if (answer === 'reset') return void (socket as Socket).resetAndDestroy();
    if (answer !== null) return refuse(socket, answer);
    sockets.handleUpgrade(request, socket, head, (client: WebSocket, _request: IncomingMessage) => {
      const connection = connect(client);
      connections.add(connection);
      client.on('close', () => connections.delete(connection));
    });
  });
  const listen = async (port: number) => {
    http.listen(port, host);
    await once(http, 'listening');
    return (http.address() as AddressInfo).port;
  };
  const goDown = async () => {
    if (!http.listening) return;
    const closed = once(http, 'close');
    http.close();
    for (const connection of connections) connection.cut();
    for (const socket of left) socket.destroy();
    await closed;
  };
  const port = await listen(wanted);
  return {
    port,
    get accepted() {
      return accepted;
    },
    goDown,
    comeUp: async () => void (http.listening || (await listen(port))),
    async close() {
      sockets.close();
      await goDown();
    },
  };
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'No'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
