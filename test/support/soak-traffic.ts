/** The traffic of a soak: every session is written to and writes, in turn, and every message is followed to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Call } from './api-call.ts';
import { eventually } from './deadline.ts';

const FIRST_CONTACT = 15_550_160_000;
/** People each session talks with, in turn: often enough to go on, seldom enough to be no burst. */
const FRIENDS = 12;
/** What people said here; some faults make up messages of their own. */
const SAID = /^(hello|in) \d/;
const PER_SESSION_MS = 1_000;
const SHORTEST_MS = 100;
/** A delivery that this process was too busy to take comes again after a minute. */
const KNOWN_WITHIN_MS = 180_000;

export const sessionName = (at: number): string => `soak-${at}`;

export interface TrafficParts {
  sandbox: Sandbox;
  call: Call;
  phones: readonly string[];
  /** The event ids under which each text was told. */
  told: ReadonlyMap<string, ReadonlySet<string>>;
}

export class SoakTraffic {
  readonly #parts: TrafficParts;
  #rounds = 0;
  /** The ids of what was accepted, by round. */
  readonly #accepted = new Map<number, string>();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /** Everybody has written once, so that a message to them is no first contact. */
  async befriend(): Promise<void> {
    const { sandbox, phones, told } = this.#parts;
    const greetings: string[] = [];
    for (const [at, phone] of phones.entries()) {
      for (let friend = 0; friend < FRIENDS; friend++) {
        const text = `hello ${at}.${friend}`;
        await this.#friend(at, friend).say(sandbox.account(phone), text);
        greetings.push(text);
        // Encrypting keeps this process busy; the receiver, which lives in it too, must answer meanwhile.
        await pause(1);
      }
    }
    await eventually(
      KNOWN_WITHIN_MS,
      'everybody known',
      () => greetings.filter((text) => !told.has(text)).length,
      (missing) => missing === 0,
    );
  }

  /** Until the signal: the next session hears something and is made to say something. Rejects when that is refused. */
  async run(signal: AbortSignal): Promise<void> {
    const { sandbox, call, phones } = this.#parts;
    const every = Math.max(SHORTEST_MS, PER_SESSION_MS / phones.length);
    const answers = new Set<Promise<void>>();
    let failed: unknown;
    while (!signal.aborted && failed === undefined) {
      const round = this.#rounds++;
      const [at, friend] = this.#turn(round);
      const body = { sessionId: sessionName(at), to: friend.phone, text: `out ${round}` };
      const answer = call<{ messageId: string }>('POST', '/messages/text', body).then(
        ({ messageId }) => void this.#accepted.set(round, messageId),
        (error: unknown) => void (failed = error),
      );
      answers.add(answer.finally(() => answers.delete(answer)));
      await friend.say(sandbox.account(phones[at] ?? ''), `in ${round}`);
      await pause(every, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(answers);
    if (failed !== undefined) throw failed;
  }

  /** What has not come through yet. */
  missing(): string[] {
    const { told } = this.#parts;
    const shown = this.#shown();
    const heard = Array.from({ length: this.#rounds }, (_none, round) => `in ${round}`);
    return [
      ...heard.filter((text) => !told.has(text)),
      ...this.#accepted
        .keys()
        .map((round) => `out ${round}`)
        .filter((text) => !shown.has(text)),
    ];
  }

  /** Where each message is that is not as it should be, for whoever looks for the reason. */
  async wrong(): Promise<string[]> {
    const twiceTold = this.#twiceTold().map(([text, ids]) => `${text} told as ${[...ids].join(' and ')}`);
    const shown = this.#shown();
    const missing = new Set(this.missing());
    const rounds = this.#accepted
      .keys()
      .filter((round) => missing.has(`out ${round}`) || (shown.get(`out ${round}`) ?? 0) > 1);
    return [
      ...twiceTold,
      ...[...missing].filter((text) => text.startsWith('in ')),
      ...(await Promise.all(rounds.map((round) => this.#whereabouts(round, shown)))),
    ];
  }

  async #whereabouts(round: number, shown: ReadonlyMap<string, number>): Promise<string> {
    const [at] = this.#turn(round);
    const path = `/messages/${this.#accepted.get(round)}?sessionId=${sessionName(at)}`;
    const message = await this.#parts.call('GET', path);
    return `out ${round} of ${sessionName(at)} on ${shown.get(`out ${round}`) ?? 0} rows: ${JSON.stringify(message)}`;
  }

  count() {
    const twiceTold = this.#twiceTold().length;
    const twiceShown = [...this.#shown().values()].filter((rows) => rows > 1).length;
    return {
      ...{ received: this.#rounds, sent: this.#accepted.size },
      ...{ lost: this.missing().length, doubled: twiceTold + twiceShown },
    };
  }

  #twiceTold() {
    return [...this.#parts.told].filter(([text, ids]) => SAID.test(text) && ids.size > 1);
  }

  /** How many rows of the screens have each text. */
  #shown(): Map<string, number> {
    const shown = new Map<string, number>();
    for (const contact of this.#parts.sandbox.contacts.values()) {
      for (const { text } of contact.screen) shown.set(text, (shown.get(text) ?? 0) + 1);
    }
    return shown;
  }

  #turn(round: number) {
    const { phones } = this.#parts;
    const at = round % phones.length;
    return [at, this.#friend(at, Math.floor(round / phones.length))] as const;
  }

  /** Some people know several of the sessions. */
  #friend(at: number, turn: number) {
    return this.#parts.sandbox.contact(String(FIRST_CONTACT + 5 * at + (turn % FRIENDS)), { name: 'Ann' });
  }
}
