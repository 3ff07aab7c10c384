/** Reading a protocol's first bytes off a socket, and giving back what came beyond them. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

export class Reader {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Exactly so many bytes. Rejects when the socket ends first. */
  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#more();
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Everything up to and with the mark, as text. Rejects when there are more than 16 KiB without it. */
  async upTo(mark: string): Promise<string> {
    for (;;) {
      const at = this.#bytes.indexOf(mark);
      if (at >= 0) return (await this.take(at + mark.length)).toString('latin1');
      if (this.#bytes.length > 16_384) throw new Error('no end of the request');
      await this.#more();
    }
  }

  /** What has come beyond what was taken goes back, for whoever reads the socket next. */
  done(): void {
    if (this.#bytes.length > 0) this.#socket.unshift(this.#bytes);
  }

  async #more(): Promise<void> {
    let chunk = this.#socket.read() as Buffer | null;
    while (chunk === null) {
      const ended = new AbortController();
      this.#socket.once('close', () => ended.abort());
      await once(this.#socket, 'readable', { signal: ended.signal });
      if (this.#socket.readableEnded) throw new Error('the client has gone');
      chunk = this.#socket.read() as Buffer | null;
      if (chunk === null && this.#socket.readableLength === 0 && this.#socket.destroyed) throw new Error('gone');
    }
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }
}
