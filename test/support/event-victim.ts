/**
 * A process that delivers, and publishes events one after another, printing each that is durable, until it is killed.
 * Arguments: number of the first event, of the last, ms between two, `accelerated` or `unaccelerated` pauses, where the store is.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_RETRY } from '../../runtime/src/webhook/retry.ts';
import { ACCELERATED, SESSION, fact, openWebhookRoom } from './webhook-room.ts';

const [first, last, every, pace, ...place] = process.argv.slice(2);
const room = await openWebhookRoom(place, { retry: pace === 'unaccelerated' ? DEFAULT_RETRY : ACCELERATED });
await room.webhooks.resume(SESSION);
room.start();
process.stdout.write('0\n');
for (let n = Number(first); n <= Number(last); n += 1) {
  await room.webhooks.publish(SESSION, fact(n));
  process.stdout.write(`${n}\n`);
  await pause(Number(every));
}
