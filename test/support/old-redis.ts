/** What speaks as a Redis of another version does at the start of a connection: such a one cannot be had here. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface OldRedis {
  url: string;
  stop(): Promise<void>;
}

/** Answers what there has always been; the commands of 7.0 it does not know. */
export async function startOldRedis(version: string): Promise<OldRedis> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      for (let command = commandIn(text); command; command = commandIn(text)) {
        text = text.slice(command.length);
        socket.write(answerTo(command.words, version));
      }
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first command, `*<words>` and each as `$<length>` and itself, if it is there as a whole. */
function commandIn(text: string): { words: string[]; length: number } | null {
  const [head = '', count] = /^\*(\d+)\r\n/.exec(text) ?? [];
  const words: string[] = [];
  let length = head.length;
  for (let left = Number(count ?? 0); left > 0; left--) {
    const [start, size = '0'] = /^\$(\d+)\r\n/.exec(text.slice(length)) ?? [];
    const from = length + (start?.length ?? 0);
    const to = from + Number(size);
    if (start === undefined || text.length < to + 2) return null;
    words.push(text.slice(from, to));
    length = to + 2;
  }
  return words.length > 0 ? { words, length } : null;
}

function answerTo([name = '']: string[], version: string): string {
  const info = `# Server\r\nredis_version:${version}\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\n`;
  if (/^info$/i.test(name)) return `$${info.length}\r\n${info}\r\n`;
  if (/^(client|select|auth)$/i.test(name)) return '+OK\r\n';
  return `-ERR unknown command \`${name}\`, with args beginning with: \r\n`;
}
