/**
 * Requests at an even pace, whether the answers keep up or not, each timed from when it was due: who waits because those before
 * it were slow has waited. (Load generators that keep a number of connections busy until a second's share is used up ask
 * in bursts, and measure how fast those are worked off.)
 */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Pace {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly perSecond: number;
  readonly seconds: number;
  /** The body of the request of this number. */
  readonly body: (at: number) => string;
}

/** How long each answer took, ms. Rejects when one is none of success. */
export async function pacedTimes({ url, headers, perSecond, seconds, body }: Pace): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const answer = async (at: number): Promise<void> => {
    const asked = request(url, { method: 'POST', agent, headers }).end(body(at));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    if (response.statusCode !== 202) throw new Error(`a request was answered with ${response.statusCode}`);
  };
  const count = perSecond * seconds;
  const began = performance.now();
  // Nobody waits for an answer yet when it fails.
  const timed = (due: number, answered: Promise<void>) =>
    answered.then(
      () => performance.now() - due,
      (error: unknown) => (failures.push(error), NaN),
    );
  const answers: Promise<number>[] = [];
  const failures: unknown[] = [];
  try {
    while (answers.length < count && failures.length === 0) {
      const due = began + (1_000 * answers.length) / perSecond;
      if (due > performance.now()) await pause(1);
      else answers.push(timed(due, answer(answers.length)));
    }
    const times = await Promise.all(answers);
    if (failures.length > 0) throw failures[0];
    return times;
  } finally {
    agent.destroy();
  }
}
