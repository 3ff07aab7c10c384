/** The WebSocket server clients connect to. It owns every connection and ends them all when it closes. */
import { createServer, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Connection } from './connection.ts';
import type { Interferences } from './faults/interference.ts';
import { listening } from './listening.ts';

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
  let accepted = 0;
  http.on('connection', () => void accepted++);
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
  const { port, goDown, comeUp, close } = await listening(http, { host, port: wanted }, () => {
    for (const connection of connections) connection.cut();
  });
  return {
    port,
    get accepted() {
      return accepted;
    },
    goDown,
    comeUp,
    async close() {
      sockets.close();
      await close();
    },
  };
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'No'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
