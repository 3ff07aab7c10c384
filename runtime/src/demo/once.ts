/**
 * The round trip, once: link, send as a person would, be read, be answered, tell it by signed webhook, restart, go on.
 * Every step is checked on the far side; the first that fails is named.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { EventEnvelope } from '../events.ts';
import { Stage, type DemoTools } from './stage.ts';

const ACCOUNT = '15550100001';
const CONTACT = '15550100002';
const SESSION = 'demo';
const WAIT_MS = 30_000;

/** What the demo prints: a field for each step, with what was seen there. */
export type OnceResult = { ok: true } & Record<string, unknown>;
export interface OnceFailure {
  ok: false;
  step: string;
  error: string;
}

interface Sent {
  messageId: string;
  status: string;
  timeline: { status: string; at: number }[];
}

/** Runs the round trip; never throws. */
export async function runOnce(tools: DemoTools): Promise<OnceResult | OnceFailure> {
  const done: Record<string, unknown> = {};
  let step = 'start';
  let stage: Stage | null = null;
  const receiver = new Receiver();
  const doing = async (name: string, work: () => Promise<unknown>) => {
    step = name;
    done[name] = await work();
  };
  try {
    const open = await Stage.open(tools, { HUMANIZATION_PROFILE: 'fast' });
    stage = open;
    await roundTrip(open, receiver, doing);
    step = 'unhandledStanzas';
    if (open.sandbox.unhandled.length > 0) throw new Error(open.sandbox.unhandled.join('\n'));
    return { ok: true, ...done };
  } catch (error) {
    return { ok: false, step, error: error instanceof Error ? error.message : String(error), ...done };
  } finally {
    await receiver.close();
    await stage?.close();
  }
}

type Doing = (name: string, work: () => Promise<unknown>) => Promise<void>;

async function roundTrip(stage: Stage, receiver: Receiver, doing: Doing): Promise<void> {
  const contact = stage.sandbox.contact(CONTACT, { name: 'Ann', readsAtOnce: true });
  const account = stage.sandbox.account(ACCOUNT);
  const presence: string[] = [];
  stage.sandbox.events.on('presence', ({ state }) => presence.push(state));
  const send = (text: string, waitFor: string) =>
    stage.call<Sent>('POST', '/messages/text', { sessionId: SESSION, to: `+${CONTACT}`, text, waitFor, timeout: 60 });

  await doing('runtimeStarted', async () => {
    await stage.startRuntime();
    return stage.url;
  });
  await doing('paired', async () => {
    await stage.link(SESSION, ACCOUNT);
    const { phone } = await stage.call<{ phone: string }>('GET', `/sessions/${SESSION}`);
    return phone;
  });
  let first: Sent | null = null;
  await doing('sentAsAPerson', async () => {
    first = await send('Hello Ann', 'read');
    if (!presence.includes('composing')) throw new Error('no typing was shown');
    return presence;
  });
  await doing('contactDecrypted', async () => {
    const { text, arrivals } = await contact.waitForMessage(({ messageId }) => messageId === first?.messageId, WAIT_MS);
    return { text, arrivals };
  });
  await doing('deliveredAndRead', async () => {
    if (first?.status !== 'read') throw new Error(`the message is ${first?.status}`);
    return first.timeline.map(({ status }) => status);
  });
  await doing('webhookVerified', async () => {
    const url = await receiver.listen();
    const { secret } = await stage.call<{ secret: string }>('POST', '/webhooks', { url, sessionId: SESSION });
    receiver.secret = secret;
    await contact.say(account, 'Hello, I can read you.');
    return await receiver.message('Hello, I can read you.');
  });
  await doing('restartedWithoutQr', async () => {
    await stage.stopRuntime();
    await stage.startRuntime();
    const { status } = await stage.call<{ status: string }>(
      'GET',
      `/sessions/${SESSION}/wait?status=connected,qr&timeout=30`,
    );
    if (status !== 'connected') throw new Error(`after the restart the session is ${status}`);
    return status;
  });
  await doing('secondDelivered', async () => {
    const second = await send('Still here', 'delivered');
    await contact.waitForMessage(({ messageId }) => messageId === second.messageId, WAIT_MS);
    return second.status;
  });
}

/** A webhook receiver that believes only what is signed. */
class Receiver {
  secret = '';
  readonly #arrived = Promise.withResolvers<EventEnvelope>();
  #server: Server | null = null;

  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        try {
          const body = Buffer.concat(parts).toString();
          this.#arrived.resolve(
            new Webhook(this.secret).verify(body, request.headers as Record<string, string>) as EventEnvelope,
          );
          response.writeHead(204).end();
        } catch (error) {
          this.#arrived.reject(error);
          response.writeHead(401).end();
        }
      });
    }).listen(0, '127.0.0.1');
    this.#server = server;
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
  }

  async message(text: string): Promise<{ event: string; text: string }> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('no webhook came')), WAIT_MS);
    try {
      const { event, data } = await Promise.race([this.#arrived.promise, late.promise]);
      if (!('text' in data) || data.text !== text) throw new Error('the webhook tells another message');
      return { event, text: data.text };
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#arrived.promise.catch(() => undefined);
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}
