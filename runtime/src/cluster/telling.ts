/** What one worker finds out about a session that another holds is told to that one, over its API. */
import { Passing, type FindPlace } from './requests.ts';

export class Telling {
  readonly #find: FindPlace;
  readonly #headers: Record<string, string>;
  readonly #passing = new Passing();
  readonly #ending = new AbortController();

  constructor(find: FindPlace, apiKey: string) {
    this.#find = find;
    this.#headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  }

  /**
   * Posts it to the route of that worker; resolves true when it has it, and false when the session is this worker's, or is not
   * there any more. Rejects when it may not have been told: it is to be told again, and may come twice.
   */
  async told(id: string, path: string, body: object): Promise<boolean> {
    const answer = await this.#passing.answer(() => this.#find({ what: 'session', id }), {
      ...{ method: 'POST', path: () => path, headers: this.#headers, body: JSON.stringify(body) },
      signal: this.#ending.signal,
    });
    if (answer === 'here') return false;
    const { statusCode, body: said } = answer;
    const text = await said.text();
    if (statusCode >= 300) throw new Error(`The worker of ${id} answered with ${statusCode}: ${text.slice(0, 200)}`);
    return true;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#passing.close();
  }
}
