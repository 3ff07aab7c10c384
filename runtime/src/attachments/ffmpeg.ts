/** ffmpeg, as a program of its own: what it is given, how long it may take, and what it said. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Semaphore } from 'async-mutex';
import { RuntimeError } from '../errors.ts';

/** Conversions at once: each takes as much of the machine as it gets. */
const MAX_AT_ONCE = 2;
const TIMEOUT_MS = 120_000;
/** What it says is kept from the end. */
const SAID_BYTES = 16 * 1024;
/** No questions, no banner, and no way to any file but those it is given. */
const ALWAYS = ['-nostdin', '-hide_banner', '-protocol_whitelist', 'file,pipe'];

export class Ffmpeg {
  readonly #program: string;
  readonly #inTurn = new Semaphore(MAX_AT_ONCE);
  readonly #stopping = new AbortController();
  #found = false;

  constructor(program: string) {
    this.#program = program;
  }

  /** Whether there is one; looked for again until there is. */
  async isThere(): Promise<boolean> {
    if (!this.#found) {
      this.#found = await this.#start(['-version'], () => undefined, AbortSignal.timeout(TIMEOUT_MS)).then(
        () => true,
        () => false,
      );
    }
    return this.#found;
  }

  /**
   * Runs it; what it writes to its output goes to `onOutput`. Returns what it said of its work. Throws `ffmpeg_missing`,
   * `file_not_usable` when it could not do it, `unavailable` when the runtime stops.
   */
  async run(args: string[], onOutput: (chunk: Buffer) => void = () => undefined): Promise<string> {
    if (!(await this.isThere())) throw new RuntimeError('ffmpeg_missing');
    return await this.#inTurn.runExclusive(async () => {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      try {
        return await this.#start([...ALWAYS, ...args], onOutput, signal);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw new RuntimeError('unavailable');
        const why = signal.aborted ? 'it took too long to convert' : 'it could not be read: it may be damaged';
        throw new RuntimeError('file_not_usable', { details: [why], cause: error });
      }
    });
  }

  /** Ends what runs. */
  stop(): void {
    this.#stopping.abort();
  }

  async #start(args: string[], onOutput: (chunk: Buffer) => void, signal: AbortSignal): Promise<string> {
    const child = spawn(this.#program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
    let said = '';
    child.stdout.on('data', onOutput);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-SAID_BYTES)));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said.slice(-500)}`);
    return said;
  }
}
