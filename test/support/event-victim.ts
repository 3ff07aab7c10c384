/**
 * A process that delivers, and publishes events one after another, printing each that is durable, until it is killed.
 * Arguments: directory, number of the first event, of the last, ms between two; `unaccelerated` for pauses as they are.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_RETRY } from '../../runtime/src/webhook/retry.ts';
import { ACCELERATED, SESSION, fact, openWebhookRoom } from './webhook-room.ts';

const [directory = '', first, last, every, pace] = process.argv.slice(2);
const room = openWebhookRoom(directory, { retry: pace === 'unaccelerated' ? DEFAULT_RETRY : ACCELERATED });
await room.webhooks.resume(SESSION);
room.start();
process.stdout.write('0\n');
for (let n = Number(first); n <= Number(last); n += 1) {
  await room.webhooks.publish(SESSION, fact(n));
  process.stdout.write(`${n}\n`);
  await pause(Number(every));
}
