/**
 * Looks into the memory of another Node process through its inspector, which a process opens on loopback when it is started
 * with `NODE_OPTIONS=--inspect=127.0.0.1:PORT`. Nothing in the process has to know of it.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { within } from './deadline.ts';

const ANSWER_MS = 60_000;

interface Message {
  id?: number;
  method?: string;
  params?: { chunk?: string };
  result?: { usedSize?: number; profile?: object };
  error?: { message: string };
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #onChunk: (chunk: string) => void = () => undefined;
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
      else if (message.method === 'HeapProfiler.addHeapSnapshotChunk') this.#onChunk(message.params?.chunk ?? '');
    });
  }

  /** Connects to the inspector on this port. */
  static async at(port: number): Promise<Inspector> {
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
    await within(ANSWER_MS, 'the inspector', once(socket, 'open'));
    return new Inspector(socket);
  }

  /** Bytes of the JavaScript heap that are in use after all garbage has been collected. */
  async heapUsed(): Promise<number> {
    // What the first collection finalises is garbage for the second.
    for (const _ of [1, 2]) await this.#call('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#call('Runtime.getHeapUsage');
    if (usedSize === undefined) throw new Error('the inspector named no heap size');
    return usedSize;
  }

  /** Writes a heap snapshot, to be compared with another in a browser's developer tools. */
  async snapshot(file: string): Promise<void> {
    const stream = createWriteStream(file);
    this.#onChunk = (chunk) => stream.write(chunk);
    await this.#call('HeapProfiler.takeHeapSnapshot');
    stream.end();
    await once(stream, 'finish');
  }

  /** Takes a sample of what the processor does every so often, until it is stopped. */
  async startProfile(): Promise<void> {
    await this.#call('Profiler.enable');
    await this.#call('Profiler.start');
  }

  /** The profile as a file of the kind `.cpuprofile` has it. */
  async stopProfile(): Promise<object> {
    const { profile } = await this.#call('Profiler.stop');
    if (!profile) throw new Error('the inspector gave no profile');
    return profile;
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await within(ANSWER_MS, "the inspector's end", closed);
  }

  async #call(method: string): Promise<NonNullable<Message['result']>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method }));
    const { result, error } = await within(ANSWER_MS, method, promise);
    this.#waiting.delete(id);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }
}
