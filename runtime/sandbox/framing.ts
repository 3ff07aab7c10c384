/** WhatsApp's frames: three bytes of length, then the data. Frames and WebSocket messages do not line up. */

/** `WA`, protocol 6, dictionary 3: what a client says before its first frame, and what Noise takes as prologue. */
export const PROLOGUE = Buffer.from([0x57, 0x41, 6, 3]);
/** A client that was told a route says `ED`, two bytes of version and three of length before its prologue. */
const ROUTING_MARK = Buffer.from('ED');
const ROUTING_HEADER_BYTES = 7;
const LENGTH_BYTES = 3;

export function encodeFrame(data: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUIntBE(data.length, 0, LENGTH_BYTES);
  return Buffer.concat([length, data]);
}

/** Collects bytes and gives back whole frames. Throws when the stream does not begin as a WhatsApp client's does. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #begun = false;

  push(chunk: Uint8Array): Buffer[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#begun && !this.#readIntro()) return [];
    const frames: Buffer[] = [];
    for (;;) {
      const frame = this.#take();
      if (!frame) return frames;
      frames.push(frame);
    }
  }

  #take(): Buffer | null {
    if (this.#bytes.length < LENGTH_BYTES) return null;
    const end = LENGTH_BYTES + this.#bytes.readUIntBE(0, LENGTH_BYTES);
    if (this.#bytes.length < end) return null;
    const frame = this.#bytes.subarray(LENGTH_BYTES, end);
    this.#bytes = this.#bytes.subarray(end);
    return frame;
  }

  #readIntro(): boolean {
    let start = 0;
    if (this.#bytes.subarray(0, ROUTING_MARK.length).equals(ROUTING_MARK)) {
      if (this.#bytes.length < ROUTING_HEADER_BYTES) return false;
      start = ROUTING_HEADER_BYTES + this.#bytes.readUIntBE(4, 3);
    }
    const prologue = this.#bytes.subarray(start, start + PROLOGUE.length);
    if (prologue.length < PROLOGUE.length) return false;
    if (!prologue.equals(PROLOGUE)) throw new Error('the stream does not begin with the WhatsApp prologue');
    this.#bytes = this.#bytes.subarray(start + PROLOGUE.length);
    this.#begun = true;
    return true;
  }
}
