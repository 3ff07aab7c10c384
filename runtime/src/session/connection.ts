/** One connection and all that hangs on it: opened together, ended together. */
import { openSocket, type LiveSocket, type SocketDeps, type SocketEvents } from './socket.ts';

export interface Closed {
  code: number | undefined;
  message: string;
  /** WhatsApp had let it in, or shown a code to link it by. */
  entered: boolean;
}

export class Connection {
  readonly socket: LiveSocket;
  /** It has closed; what hangs on it may still be ending. */
  over = false;
  entered = false;
  /** Somebody found it ill, and it is being ended for that. */
  suspected = false;
  readonly #deps: SocketDeps;
  readonly #closed = Promise.withResolvers<Closed>();

  constructor(deps: SocketDeps, events: Omit<SocketEvents, 'onClose'>) {
    this.#deps = deps;
    this.socket = openSocket(deps, {
      ...events,
      onClose: (code, message) => {
        this.over = true;
        this.#closed.resolve({ code, message, entered: this.entered });
      },
    });
  }

  /** Resolves when it has ended, by itself or by the signal, and nothing of it is running or unsaved any more. */
  async ended(signal: AbortSignal): Promise<Closed> {
    const leave = () => this.socket.leave();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await this.#closed.promise;
    } finally {
      signal.removeEventListener('abort', leave);
      await this.#deps.auth.settled();
      await this.#deps.wayOut?.close();
    }
  }
}
