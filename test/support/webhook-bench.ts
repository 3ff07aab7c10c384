/** For tests of webhooks: rooms and receivers that end with their test, and the short ways to use them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, jest } from '@jest/globals';
import { webhookIdFor } from '../../runtime/src/ids.ts';
import type { DeliveryRecord } from '../../runtime/src/webhook/webhook.ts';
import { eventually } from './deadline.ts';
import { startEngine, type FlowEngine } from './flow-engine.ts';
import { startReceiver, type Received, type Receiver, type Reply } from './receiver.ts';
import { EVENTS, SESSION, fact, openWebhookRoom, type WebhookRoom } from './webhook-room.ts';

// Each waits for what it waits for, with deadlines of its own.
jest.setTimeout(60_000);

/** What the present test has to itself; the databases are in one of them. */
export let directory: string;
export let engine: FlowEngine;
let rooms: WebhookRoom[];
let receivers: Receiver[];

beforeEach(async () => {
  engine = await startEngine();
  directory = mkdtempSync(join(tmpdir(), 'webhook-'));
  rooms = [];
  receivers = [];
});
afterEach(async () => {
  for (const each of rooms) await each.close();
  for (const each of receivers) await each.stop();
  await engine.stop();
  rmSync(directory, { recursive: true });
});

export async function openRoom(more?: Parameters<typeof openWebhookRoom>[1]): Promise<WebhookRoom> {
  const room = await openWebhookRoom(engine.place(directory), more);
  rooms.push(room);
  return room;
}

export async function receive(answer?: (event: Received) => Reply): Promise<Receiver> {
  const receiver = await startReceiver(answer);
  receivers.push(receiver);
  return receiver;
}

export const subscribe = ({ webhooks }: WebhookRoom, url: string) =>
  webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS });

export async function publish({ webhooks }: WebhookRoom, ...numbers: number[]): Promise<void> {
  for (const n of numbers) await webhooks.publish(SESSION, fact(n));
}

/** The deliveries to a receiver, the newest first, as soon as they pass. */
export const deliveries = (room: WebhookRoom, url: string, passes: (records: DeliveryRecord[]) => boolean) =>
  eventually(
    30_000,
    'the deliveries',
    async () => (await room.webhooks.deliveries(webhookIdFor(url, SESSION), { limit: 100 })).deliveries,
    passes,
  );

export const inStates =
  (...states: string[]) =>
  (records: DeliveryRecord[]) =>
    records.map(({ state }) => state).join() === states.join();

/** Waits for the failed delivery that is to be tried again. */
export async function heldDelivery(
  room: WebhookRoom,
  url: string,
): Promise<DeliveryRecord & { nextAttemptAt: number }> {
  const isHeld = (record: DeliveryRecord) => record.nextAttemptAt !== null;
  const held = (await deliveries(room, url, (records) => records.some(isHeld))).find(isHeld);
  return { ...held, nextAttemptAt: held?.nextAttemptAt } as DeliveryRecord & { nextAttemptAt: number };
}

export const sequences = ({ events }: Receiver) => events.map(({ sequence }) => sequence);
