/**
 * How late healthy receivers are told alone, beside paused subscriptions, and beside the same ones going to receivers that
 * hang, refuse, reset and answer errors: in turns, in one process, under the same load. Those that hang do so until the
 * healthy ones have all there is, so that anything that waited for them would never come.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import type { WebhookId } from '../../runtime/src/ids.ts';
import { DEFAULT_RETRY } from '../../runtime/src/webhook/retry.ts';
import { eventually } from './deadline.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { startReceiver, type Receiver, type Reply } from './receiver.ts';
import { EVENTS, SESSION, fact, openWebhookRoom, type WebhookRoom } from './webhook-room.ts';

const HEALTHY = 2;
/** Receivers that hang. */
export const HANGING = 4;
const ANSWERING: Reply[] = [500, { status: 429, headers: { 'retry-after': '1' } }, 'reset'];
/** A receiver may take longer than all of this does: no attempt that hangs ends by itself. */
const PATIENT = { ...DEFAULT_RETRY, timeout: 600_000 };
const DEADLINE_MS = 60_000;

export interface LagOptions {
  /** So many turns of each. */
  turns: number;
  /** Events a turn. */
  events: number;
  everyMs: number;
}

export interface Lags {
  /** 95 of 100 came within so many ms. */
  alone: number;
  /** As much is written as beside those that fail, and nobody is asked to take it. */
  besidePaused: number;
  besideFailing: number;
  /** Requests that hung while the healthy ones were told all, in the turn where they were fewest. */
  hanging: number;
}

export async function compareLags({ turns, events, everyMs }: LagOptions): Promise<Lags> {
  const stage = await Stage.open();
  const lags: Record<'alone' | 'besidePaused' | 'besideFailing', number[]> = {
    ...{ alone: [], besidePaused: [], besideFailing: [] },
  };
  let hanging = Number.POSITIVE_INFINITY;
  try {
    // What only the first few take longer for, such as connections, is nobody's lag.
    await stage.turn(events, everyMs);
    for (let turn = 0; turn < turns; turn += 1) {
      lags.alone.push(...(await stage.turn(events, everyMs)));
      const others = await stage.others();
      lags.besidePaused.push(...(await stage.turn(events, everyMs)));
      await others.fail();
      lags.besideFailing.push(...(await stage.turn(events, everyMs)));
      hanging = Math.min(hanging, others.hanging());
      await others.end();
    }
  } finally {
    await stage.close();
  }
  const p95 = (of: keyof typeof lags) => percentile(lags[of], 0.95);
  return { alone: p95('alone'), besidePaused: p95('besidePaused'), besideFailing: p95('besideFailing'), hanging };
}

class Stage {
  readonly #directory: string;
  readonly #engine: FlowEngine;
  readonly #room: WebhookRoom;
  readonly #receivers: Receiver[] = [];
  readonly #published = new Map<string, number>();
  #lags: number[] = [];
  #last = 0;

  private constructor(directory: string, engine: FlowEngine, room: WebhookRoom) {
    this.#directory = directory;
    this.#engine = engine;
    this.#room = room;
  }

  static async open(): Promise<Stage> {
    const directory = mkdtempSync(join(tmpdir(), 'lags-'));
    const engine = await startEngine();
    const room = await openWebhookRoom(engine.place(directory), { retry: PATIENT });
    const stage = new Stage(directory, engine, room);
    for (let n = 0; n < HEALTHY; n += 1) {
      await stage.#listen(({ data }) => {
        stage.#lags.push(performance.now() - (stage.#published.get(data.messageId) ?? 0));
        return 200;
      });
    }
    stage.#room.start();
    return stage;
  }

  /** Publishes so many events; resolves with how late each came to each healthy receiver, once all have come. */
  async turn(events: number, everyMs: number): Promise<number[]> {
    this.#lags = [];
    for (const until = this.#last + events; this.#last < until; ) {
      const next = fact((this.#last += 1));
      this.#published.set((next.data as { messageId: string }).messageId, performance.now());
      await this.#room.webhooks.publish(SESSION, next);
      await pause(everyMs);
    }
    return await eventually(
      DEADLINE_MS,
      'all at the healthy receivers',
      () => this.#lags,
      (lags) => lags.length === HEALTHY * events,
    );
  }

  /** Subscriptions, paused at first, of receivers that fail in every way, until `end`. */
  async others() {
    let hanging = 0;
    const hang = () => {
      hanging += 1;
      return 'never' as const;
    };
    const made: { webhookId: WebhookId; receiver?: Receiver }[] = [];
    for (let n = 0; n < HANGING; n += 1) made.push(await this.#listen(hang, true));
    for (const reply of ANSWERING) made.push(await this.#listen(() => reply, true));
    made.push(await this.#subscribe(`http://127.0.0.1:${await freePort()}/`, true));
    return {
      hanging: () => hanging,
      fail: async () => {
        for (const { webhookId } of made) await this.#room.webhooks.change(webhookId, { paused: false });
      },
      end: async () => {
        for (const { webhookId, receiver } of made) {
          await this.#room.webhooks.unsubscribe(webhookId);
          await receiver?.stop();
          this.#receivers.splice(0, this.#receivers.length, ...this.#receivers.filter((each) => each !== receiver));
        }
      },
    };
  }

  async close(): Promise<void> {
    for (const receiver of this.#receivers) await receiver.stop();
    await this.#room.close();
    await this.#engine.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #subscribe = (url: string, paused = false) =>
    this.#room.webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS, paused });

  async #listen(reply: Parameters<typeof startReceiver>[0], paused = false) {
    const receiver = await startReceiver(reply);
    this.#receivers.push(receiver);
    const { webhookId } = await this.#subscribe(receiver.url, paused);
    return { webhookId, receiver };
  }
}

function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
