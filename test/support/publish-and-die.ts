/** A process that subscribes, publishes, and is killed the moment the event is durable. Arguments: URL, where the store is. */
import { EVENTS, SESSION, fact, openWebhookRoom } from './webhook-room.ts';

const [url = '', ...place] = process.argv.slice(2);
const { webhooks } = await openWebhookRoom(place);
const { secret } = await webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS });
const { id } = await webhooks.publish(SESSION, fact(1));
process.stdout.write(JSON.stringify({ id, secret }), () => process.kill(process.pid, 'SIGKILL'));
