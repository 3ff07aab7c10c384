/**
 * libsignal lets the operations on one address wait for each other in a queue that all sessions of the process share
 * (src/queue_job.js): one session whose keys are slow to read would hold up every other session that talks with the same
 * person (B9). Here each session has queues of its own. What begins a session (`SessionBuilder`) stays in the shared queue,
 * which no caller can change; the client keeps it apart from the ciphers of the same address by its own transactions.
 */
import { SessionCipher } from 'libsignal';

interface Cipher {
  addr: { toString(): string };
  /** One object for each connection. */
  storage: object;
}

type Job = () => Promise<unknown>;

const tails = new WeakMap<object, Map<string, Promise<unknown>>>();

/** To be called before the first connection; calling it again does no harm. */
export function separateSignalQueues(): void {
  Object.assign(SessionCipher.prototype, {
    queueJob(this: Cipher, job: Job): Promise<unknown> {
      return inTurn(this.storage, this.addr.toString(), job);
    },
  });
}

async function inTurn(storage: object, address: string, job: Job): Promise<unknown> {
  const queues = tails.get(storage) ?? new Map<string, Promise<unknown>>();
  tails.set(storage, queues);
  const mine = (queues.get(address) ?? Promise.resolve()).then(job, job);
  queues.set(address, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(address) === mine) queues.delete(address);
  }
}
