/**
 * One fault against one session with traffic both ways. People write to it and are written to, each once, before, during and
 * after the fault; at the end every message must have been shown once and told once, whatever happened in between.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS, type Contact } from '../../runtime/sandbox/sandbox.ts';
import { caller, linkSession, type Call } from './api-call.ts';
import { eventually } from './deadline.ts';
import type { FaultResult, FaultRow } from './fault-rows.ts';
import { fileFrom, PICTURES, WORDS, type Talk } from './fault-talk.ts';
import { closeParts, KEY, openParts, type Parts } from './fault-parts.ts';
import type { Received } from './receiver.ts';

const PHONE = '15550100001';
const FIRST_CONTACT = 15_550_140_000;
const EVERY_MS = 300;
/** People who know the session. Each is written to every 36 seconds, which is no burst. */
const FRIENDS = 120;
const BEFORE_MS = 600;
/** A recoverable fault heals within this. */
const HEALED_WITHIN_MS = 60_000;
const SETTLED_WITHIN_MS = 60_000;

/** Runs one row, on a sandbox and a runtime of its own in this process. */
export async function runFault(row: FaultRow): Promise<FaultResult> {
  const stage = await Stage.open(row);
  try {
    return await stage.run();
  } finally {
    await stage.close();
  }
}

class Stage {
  readonly #row: FaultRow;
  readonly #talk: Talk;
  readonly #parts: Parts;
  readonly #call: Call;
  readonly #stopping = new AbortController();
  #people = 0;
  /** What was accepted for whom, by message id. */
  readonly #accepted = new Map<string, number>();

  private constructor(row: FaultRow, parts: Parts) {
    this.#row = row;
    this.#talk = row.files ? PICTURES : WORDS;
    this.#parts = parts;
    this.#call = caller(() => parts.app.url, KEY);
  }

  static async open(row: FaultRow): Promise<Stage> {
    const parts = await openParts(row);
    const stage = new Stage(row, parts);
    await linkSession(stage.#call, parts.sandbox, 'fault', PHONE, { webhookUrl: parts.receiver.url });
    await stage.#befriend();
    return stage;
  }

  async run(): Promise<FaultResult> {
    const traffic = this.#converse();
    traffic.catch(() => undefined);
    await pause(BEFORE_MS);
    const began = performance.now();
    const stop = this.#begin();
    const healed = this.#row.ends ? null : await this.#heals(began, stop);
    if (this.#row.ends) {
      await this.#reaches(this.#row.ends.status);
      await stop();
    }
    this.#stopping.abort();
    await traffic;
    return await this.#judge(healed);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await closeParts(this.#parts);
  }

  /** Everybody has written once, so that a message to them is no first contact. */
  async #befriend(): Promise<void> {
    for (let at = 0; at < FRIENDS; at++) await this.#contact(at).say(this.#parts.sandbox.account(PHONE), `hello ${at}`);
    const missing = () => Array.from({ length: FRIENDS }, (_none, at) => at).filter((at) => !this.#told(`hello ${at}`));
    await eventually(SETTLED_WITHIN_MS, 'everybody told of', missing, ({ length }) => length === 0);
  }

  /** Every moment somebody says something and is written to. */
  async #converse(): Promise<void> {
    const { signal } = this.#stopping;
    const answers: Promise<void>[] = [];
    while (!signal.aborted) {
      const at = this.#people++;
      await this.#talk.say(this.#contact(at), this.#parts.sandbox.account(PHONE), `in ${at}`);
      // Those that fail when the stage is being taken down have nobody to hear of it.
      const answer = this.#answer(at);
      answer.catch(() => undefined);
      answers.push(answer);
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(answers);
  }

  /** Once a session is gone for good nothing more is accepted, and so nothing to be missed. */
  async #answer(at: number): Promise<void> {
    const [path, content] = this.#talk.answer(`out ${at}`);
    const body = { sessionId: 'fault', to: this.#contact(at).phone, ...content };
    try {
      const { messageId } = await this.#call<{ messageId: string }>('POST', path, body);
      this.#accepted.set(messageId, at);
    } catch (error) {
      if (!this.#row.ends) throw error;
    }
  }

  /** Does the damage; the function returned ends what lasts. */
  #begin(): () => Promise<void> {
    const { name, settings = {}, cut } = this.#row;
    const isForOne = FAULTS.some((kind) => kind.name === name && kind.scope === 'account');
    const fault = this.#parts.sandbox.trouble.begin({ name, settings, ...(isForOne && { phone: PHONE }) });
    if (cut) this.#parts.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE });
    return async () => fault?.stop();
  }

  /** Waits until the fault is over and a message passes each way; returns how long that took since it began. */
  async #heals(began: number, stop: () => Promise<void>): Promise<number> {
    const { until } = this.#row;
    if (until === 'login') await this.#loginAfter(stop);
    else if (until !== undefined) await pause(until).then(stop);
    const probe = this.#people;
    await eventually(
      HEALED_WITHIN_MS,
      'messages both ways',
      () => this.#firstBothWays(probe),
      (passed) => passed,
    );
    return Math.round(performance.now() - began);
  }

  /** Ends the fault the moment the session comes back: a new connection is what heals it. */
  #loginAfter(stop: () => Promise<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => reject(new Error('the session did not log in again')), HEALED_WITHIN_MS);
    this.#parts.sandbox.events.once('login', () => {
      clearTimeout(timer);
      void stop().then(() => resolve(undefined));
    });
    return promise;
  }

  /** Somebody who wrote after the fault was heard, and somebody's answer arrived. */
  #firstBothWays(from: number): boolean {
    for (let at = from; at < this.#people; at++) {
      if (this.#told(`in ${at}`) > 0 && this.#shown(at) > 0) return true;
    }
    return false;
  }

  async #judge(recoveryMs: number | null): Promise<FaultResult> {
    const { ends, fault } = this.#row;
    const unsettled = await (ends ? this.#alerted() : this.#settle()).catch((error: Error) => error.message);
    const people = Array.from({ length: this.#people }, (_none, at) => at);
    const told = people.map((at) => this.#told(`in ${at}`));
    const shown = people.map((at) => this.#shown(at));
    // What is accepted while a session is gone for good waits in its outbox; what is said waits at the server.
    const failed = this.#failed();
    const missingOut = this.#accepted.size - failed.length - shown.filter((times) => times > 0).length;
    const lost = ends ? 0 : missingOut + told.filter((times) => times === 0).length;
    const doubled = [...told, ...shown].filter((times) => times > 1).length;
    const seen = this.#worstState();
    const alerts = this.#alerts();
    const shownToo = failed
      .filter((at) => shown[at] !== 0)
      .map((at) => `out ${at} is told to have failed, and is shown`);
    const late = (recoveryMs ?? 0) > HEALED_WITHIN_MS ? ['it took longer than a minute'] : [];
    const problems = [unsettled, ...shownToo, ...late, ...this.#wrong(seen, alerts)].filter(
      (problem) => typeof problem === 'string',
    );
    const ok = problems.length === 0 && lost === 0 && doubled === 0;
    const note = problems.length > 0 ? { note: problems.join('; ') } : {};
    return { fault, ...seen, recoveryMs, lost, doubled, alerts, ok, ...note };
  }

  #wrong(seen: { state: string; reason: string }, alerts: number): string[] {
    const { ends } = this.#row;
    const [unhandled] = this.#parts.sandbox.unhandled;
    const wrong = unhandled === undefined ? [] : [`unhandled: ${unhandled}`];
    if (!ends) return wrong;
    if (seen.state !== ends.status || seen.reason !== ends.reason) wrong.push(`expected ${ends.status} ${ends.reason}`);
    return alerts === 1 ? wrong : [...wrong, `${alerts} alerts`];
  }

  #alerts(): number {
    return this.#events('alert').filter(({ data }) => data.state === 'firing').length;
  }

  /** Somebody has been told. */
  async #alerted(): Promise<void> {
    await this.#parts.receiver.next(({ event }) => event === 'alert');
  }

  /** All that was said has been told, and all that was accepted is on the screens. */
  async #settle(): Promise<void> {
    await eventually(
      SETTLED_WITHIN_MS,
      'all messages there',
      () => {
        const people = Array.from({ length: this.#people }, (_none, at) => at);
        const told = people.filter((at) => this.#told(`in ${at}`) > 0).length;
        const shown = people.filter((at) => this.#shown(at) > 0).length + this.#failed().length;
        return `${told}/${this.#people} in, ${shown}/${this.#accepted.size} out`;
      },
      (now) => now === `${this.#people}/${this.#people} in, ${this.#accepted.size}/${this.#accepted.size} out`,
    );
    await this.#allWhole();
  }

  /** What came and what is shown is what was sent. */
  async #allWhole(): Promise<void> {
    const fetchFile = fileFrom(this.#parts.app.url, KEY);
    const isWhole = (whole: boolean) => whole;
    for (const event of this.#events('message').filter(({ data }) => String(data.text).startsWith('in '))) {
      const look = () => this.#talk.cameWhole(event, fetchFile);
      await eventually(SETTLED_WITHIN_MS, `what came with "${String(event.data.text)}"`, look, isWhole);
    }
    for (let at = 0; at < this.#people; at++) {
      for (const row of this.#rows(at))
        if (!(await this.#talk.isShownWhole(row)))
          throw new Error(`what is shown with "out ${at}" is not what was sent`);
    }
  }

  #worstState(): { state: string; reason: string } {
    const steps = this.#events('connection.update').map(({ data }) => ({
      state: data.status,
      reason: data.reason.code,
    }));
    const linked = steps.findIndex(({ state }) => state === 'connected');
    const after = steps.slice(linked + 1);
    const ends = this.#row.ends && after.find(({ state }) => state === this.#row.ends?.status);
    return ends ?? after.find(({ state }) => state !== 'connected') ?? { state: 'connected', reason: 'connected' };
  }

  #events(name: string): Received[] {
    return this.#parts.receiver.events.filter(({ event }) => event === name);
  }

  /** Whose answers are told to have failed, where that may be. */
  #failed(): number[] {
    if (!this.#row.mayFail) return [];
    const ids = this.#events('message.ack').filter(({ data }) => data.status === 'failed' && data.certain === true);
    return [...new Set(ids.map(({ data }) => data.messageId))].flatMap((id) => this.#accepted.get(id) ?? []);
  }

  /** Under how many ids a message was told. */
  #told(text: string): number {
    const ids = this.#events('message').filter(({ data }) => data.text === text);
    return new Set(ids.map(({ id }) => id)).size;
  }

  /** How many rows a person's screen has of the answer. */
  #shown(at: number): number {
    return this.#rows(at).length;
  }

  #rows(at: number): Contact['screen'][number][] {
    return this.#contact(at).screen.filter(({ text }) => text === `out ${at}`);
  }

  #contact(at: number) {
    return this.#parts.sandbox.contact(String(FIRST_CONTACT + (at % FRIENDS)));
  }

  async #reaches(status: string): Promise<void> {
    const path = `/sessions/fault/wait?status=${status}&timeout=60`;
    const { reached } = await this.#call<{ reached: boolean }>('GET', path);
    if (!reached) throw new Error(`the session did not become ${status}`);
  }
}
