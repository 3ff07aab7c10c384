/**
 * Receivers that hang, reset, refuse, answer 500, 429 and 410 beside a healthy one, while contacts write and the whole
 * runtime is killed again and again. When it was killed for the last time all receivers are well, and each must get all.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { CrashStage, PHONE, SESSION } from './crash-stage.ts';
import { eventually, within } from './deadline.ts';
import { startReceiver, type Received, type Receiver, type Reply } from './receiver.ts';

const CONTACTS = ['15550100100', '15550100101'];
/** Messages between two kills; some are under way at the kill, some come while nobody is there. */
const BATCH = 4;
const LATEST_KILL_MS = 150;
const DEADLINE_MS = 90_000;

/** How each fails, by the number of its messages so far, until all are well. */
const FAILING: Record<string, (count: number) => Reply> = {
  hangs: () => 'never',
  resets: (count) => (count % 4 < 2 ? 'reset' : 200),
  'answers 500': (count) => (count % 3 === 0 ? 500 : 200),
  'answers 429': (count) => (count % 4 === 0 ? { status: 429, headers: { 'retry-after': '1' } } : 200),
  'answers 410': (count) => (count === 3 ? 410 : 200),
};
const REFUSES = 'refuses';

export interface RuntimeChaos {
  /** The ids of all messages that were written. */
  said: string[];
  /** What each receiver got of them; the first is the healthy one. */
  heard: { name: string; messages: Received[] }[];
}

export async function runtimeChaos(kills: number): Promise<RuntimeChaos> {
  const stage = await CrashStage.open();
  const chaos = new Chaos(stage);
  try {
    await chaos.subscribe();
    await chaos.writeAndKill(kills);
    return await chaos.settle();
  } finally {
    await chaos.close();
    await stage.close();
  }
}

class Chaos {
  readonly #stage: CrashStage;
  readonly #receivers = new Map<string, Receiver>();
  readonly #webhooks = new Map<string, string>();
  readonly #said: string[] = [];
  #refusing = { port: 0 };
  #well = false;

  constructor(stage: CrashStage) {
    this.#stage = stage;
  }

  async subscribe(): Promise<void> {
    for (const [name, behave] of Object.entries(FAILING)) {
      const receiver = await startReceiver((event) => {
        if (this.#well || event.event !== 'message') return 200;
        return behave(messagesOf(receiver).length);
      });
      this.#receivers.set(name, receiver);
      await this.#subscribe(name, receiver.url);
    }
    this.#refusing = { port: await freePort() };
    await this.#subscribe(REFUSES, `http://127.0.0.1:${this.#refusing.port}/hook`);
  }

  /** Every other kill falls upon a delivery that is not answered yet, the others anywhere. */
  async writeAndKill(kills: number): Promise<void> {
    for (let kill = 0; kill < kills; kill += 1) {
      const killed = kill % 2 === 0 ? this.#stage.killedAtDelivery(({ event }) => event === 'message') : null;
      await this.#write();
      if (killed) await within(DEADLINE_MS, 'a delivery', killed);
      else {
        await pause(Math.random() * LATEST_KILL_MS);
        await this.#stage.kill();
      }
      // While nobody is there.
      await this.#write();
      if (kill === kills - 1) await this.#recover();
      await this.#stage.start();
    }
  }

  /** What an operator does: makes the one that said it was gone active, and tries the others out, which has them go on. */
  async settle(): Promise<RuntimeChaos> {
    const { call } = this.#stage;
    const gone = this.#webhooks.get('answers 410');
    await call('PATCH', `/webhooks/${gone}`, { paused: false });
    await call('POST', `/webhooks/${gone}/redrive`);
    await call('POST', `/webhooks/${gone}/replay`, { last: 1_000 });
    for (const id of this.#webhooks.values()) await call('POST', `/webhooks/${id}/ping`);
    await eventually(
      DEADLINE_MS,
      'every message at every receiver',
      () => this.#heard().map(({ name, messages }) => [name, this.#missing(messages)] as const),
      (missing) => missing.every(([, messages]) => messages.length === 0),
    );
    return { said: this.#said, heard: this.#heard() };
  }

  async close(): Promise<void> {
    for (const receiver of this.#receivers.values()) await receiver.stop();
  }

  async #recover(): Promise<void> {
    this.#well = true;
    this.#receivers.set(REFUSES, await startReceiver(() => 200, this.#refusing.port));
  }

  async #subscribe(name: string, url: string): Promise<void> {
    const request = { url, sessionId: SESSION, events: ['message'] };
    this.#webhooks.set(name, (await this.#stage.call<{ webhookId: string }>('POST', '/webhooks', request)).webhookId);
  }

  async #write(): Promise<void> {
    const { sandbox } = this.#stage;
    for (let n = 0; n < BATCH; n += 1) {
      const contact = sandbox.contact(CONTACTS[n % CONTACTS.length] ?? '', { name: 'Ann' });
      const { messageId } = await contact.say(sandbox.account(PHONE), `message ${this.#said.length}`);
      this.#said.push(messageId);
    }
  }

  #heard = () =>
    [['healthy', this.#stage.receiver] as const, ...this.#receivers].map(([name, receiver]) => ({
      name,
      messages: messagesOf(receiver),
    }));

  #missing(messages: Received[]): string[] {
    const got = new Set(messages.map(({ data }) => data.messageId as string));
    return this.#said.filter((id) => !got.has(id));
  }
}

const messagesOf = ({ events }: Receiver): Received[] => events.filter(({ event }) => event === 'message');
