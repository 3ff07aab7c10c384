/** Traffic both ways over many sessions of several workers, and what must have come of it. */
import { expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './deadline.ts';
import { inParallel } from './in-parallel.ts';
import type { Receiver } from './receiver.ts';
import type { Workers } from './workers.ts';

const ARRIVES_WITHIN_MS = 120_000;
const ACCEPTED_WITHIN_MS = 120_000;
/** So often each session writes and is written to: what a person sends may not come faster. */
const EACH_MS = 12_000;

export interface Line {
  session: string;
  account: string;
  contact: string;
}

export class WorkerTraffic {
  readonly #stage: Workers;
  readonly #receiver: Receiver;
  readonly #lines: readonly Line[];
  /** A worker that can be asked now. */
  readonly #via: () => string;
  readonly #stopping = new AbortController();
  readonly #accepting: Promise<unknown>[] = [];
  readonly #sent = new Map<string, Set<string>>();
  readonly #said = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(stage: Workers, receiver: Receiver, lines: readonly Line[], via: () => string) {
    this.#stage = stage;
    this.#receiver = receiver;
    this.#lines = lines;
    this.#via = via;
  }

  begin(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let round = 0; !signal.aborted; round++) {
      for (const line of this.#lines) {
        if (signal.aborted) return;
        await this.#say(line, `in ${round} to ${line.session}`);
        this.#accepting.push(this.#send(line, `out ${round} by ${line.session}`));
        await pause(EACH_MS / this.#lines.length, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #say({ account, contact }: Line, text: string): Promise<void> {
    this.#said.add(text);
    await this.#stage.sandbox.say(contact, account, text);
  }

  /** As a caller does who repeats under the same key what was not answered. */
  async #send({ session, contact }: Line, text: string): Promise<void> {
    const texts = this.#sent.get(contact) ?? new Set();
    this.#sent.set(contact, texts.add(text));
    const message = { sessionId: session, to: `+${contact}`, text };
    await eventually(
      ACCEPTED_WITHIN_MS,
      `${text} accepted`,
      () =>
        this.#stage.ask(this.#via(), 'POST', '/messages/text', message, text).catch((error: unknown) => ({ error })),
      (answer) => 'status' in answer && answer.status === 202,
    );
  }

  /** Ends it; everything has to have arrived, each text once. Says how many there were. */
  async end(): Promise<{ sent: number; said: number }> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#accepting);
    await inParallel([...this.#sent], 10, ([contact, texts]) => this.#shown(contact, texts));
    const told = () => this.#receiver.events.filter(({ event }) => event === 'message');
    const missing = () => [...this.#said].filter((text) => !told().some(({ data }) => data.text === text));
    await eventually(ARRIVES_WITHIN_MS, 'all that was said told', missing, ({ length }) => length === 0);
    // A delivery may be repeated, under its own id; a message is one event.
    const events = new Map(told().map(({ id, data }) => [id, String(data.text)]));
    expect([...events.values()].sort()).toEqual([...this.#said].sort());
    const sent = [...this.#sent.values()].reduce((sum, texts) => sum + texts.size, 0);
    return { sent, said: this.#said.size };
  }

  async #shown(contact: string, texts: ReadonlySet<string>): Promise<void> {
    const rows = async () => {
      const { screen } = await this.#stage.sandbox.screen(contact);
      return screen.filter(({ text }) => texts.has(text));
    };
    const shown = await eventually(
      ARRIVES_WITHIN_MS,
      `all texts on the screen of ${contact}`,
      rows,
      (all) => new Set(all.map(({ text }) => text)).size === texts.size,
    );
    expect(shown.map(({ text, arrivals }) => [text, arrivals]).sort()).toEqual(
      [...texts].map((text) => [text, 1]).sort(),
    );
  }
}
