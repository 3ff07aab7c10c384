/** A process that subscribes, publishes, and is killed the moment the event is durable. Arguments: directory, URL. */
import { EVENTS, SESSION, fact, openWebhookRoom } from './webhook-room.ts';

const [directory = '', url = ''] = process.argv.slice(2);
const { webhooks } = openWebhookRoom(directory);
const { secret } = await webhooks.subscribe({ url, sessionId: SESSION, events: EVENTS });
const { id } = await webhooks.publish(SESSION, fact(1));
process.stdout.write(JSON.stringify({ id, secret }), () => process.kill(process.pid, 'SIGKILL'));
