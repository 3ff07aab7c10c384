/** Stands where n8n's web server stands: takes what the runtime delivers and hands it to a trigger. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { eventually } from './deadline.ts';
import type { Delivery, DeliveryOutcome } from './n8n-engine.ts';

interface Taken {
  delivery: Delivery;
  outcome: DeliveryOutcome;
}

export class N8nFront {
  readonly #server = createServer();
  /** The trigger that gets the deliveries. */
  receive: ((delivery: Delivery) => Promise<DeliveryOutcome>) | undefined;
  readonly taken: Taken[] = [];

  static async start(): Promise<N8nFront> {
    const front = new N8nFront();
    front.#server.on('request', (request: IncomingMessage, response) => {
      void buffer(request).then(async (body) => {
        const delivery = { body, headers: request.headers as Record<string, string> };
        if (!front.receive) return response.writeHead(404).end();
        const outcome = await front.receive(delivery);
        front.taken.push({ delivery, outcome });
        return response.writeHead(outcome.status).end(JSON.stringify(outcome.answer));
      });
    });
    await once(front.#server.listen(0, '127.0.0.1'), 'listening');
    return front;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The first delivery that started an execution with such an item, already there or still to come. */
  async next(what: string, fits: (item: NonNullable<DeliveryOutcome['items']>[number]) => boolean): Promise<Taken> {
    const find = () => this.taken.find(({ outcome }) => outcome.items?.some(fits));
    const found = await eventually(20_000, what, find, (taken) => taken !== undefined);
    if (!found) throw new Error(`${what} never came`);
    return found;
  }

  stop(): void {
    this.#server.close();
  }
}
