/** The webhook room by itself on real databases, for tests of delivery; what it logs is collected. */
import { createLog } from '../../runtime/src/log.ts';
import type { EventName, Fact } from '../../runtime/src/events.ts';
import { parseSessionId, type MessageId, type SessionId } from '../../runtime/src/ids.ts';
import { createEgress } from '../../runtime/src/proxy/proxy.ts';
import { createSeal } from '../../runtime/src/seal.ts';
import type { Store } from '../../runtime/src/store/store.ts';
import { DEFAULT_RETRY } from '../../runtime/src/webhook/retry.ts';
import {
  createWebhooks,
  type TroubleReport,
  type WebhookDependencies,
  type Webhooks,
} from '../../runtime/src/webhook/webhook.ts';
import { openEngine } from './engine-place.ts';

export const SESSION = parseSessionId('shop');
/** Of another tenant. */
export const ELSEWHERE = parseSessionId('elsewhere');
const SESSIONS = [
  { id: SESSION, tenantId: 'north' },
  { id: ELSEWHERE, tenantId: 'south' },
];
export const EVENTS: EventName[] = ['message', 'message.ack', 'connection.update', 'qr.update'];

/** No waiting in tests: the pauses are a few milliseconds, and their number stays. */
export const FAST = { delays: [5, 5, 5, 5], overloaded: 60_000, timeout: 10_000 };

/** The runtime's own pauses, a thousand times shorter. */
export const ACCELERATED = {
  delays: DEFAULT_RETRY.delays.map((ms) => ms / 1_000),
  overloaded: DEFAULT_RETRY.overloaded / 1_000,
  timeout: 10_000,
};

/** A fact that is told apart by its number. */
export const fact = (n: number): Fact => ({
  event: 'message.ack',
  fact: `ack:${n}`,
  data: {
    messageId: `3EB0${String(n).padStart(18, '0')}` as MessageId,
    status: 'sent',
    chat: { jid: '15550100002@s.whatsapp.net' as never, isGroup: false, contactId: null },
    to: null,
    error: null,
    certain: null,
  },
});

export interface WebhookRoom {
  webhooks: Webhooks;
  store: Store;
  log: string[];
  outcomes: string[];
  /** What was told of receivers. */
  troubles: TroubleReport[];
  start(): void;
  /** Ends the deliveries and closes the databases; again is no harm. */
  close(): Promise<void>;
}

/** On the store at this place, as `engine-place.ts` takes it. */
export async function openWebhookRoom(
  place: string[],
  more: Partial<WebhookDependencies> & { allow?: string[] } = {},
): Promise<WebhookRoom> {
  const { allow = ['127.0.0.1'], ...dependencies } = more;
  const store = await openEngine(place, dependencies.now);
  const egress = createEgress({ allow });
  const log: string[] = [];
  const outcomes: string[] = [];
  const troubles: TroubleReport[] = [];
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const webhooks = createWebhooks({
    instance: store.instance,
    sessionDatabase: (id: SessionId) => store.session(id),
    egress,
    log: createLog('debug', { write: (line) => void log.push(line) }),
    seal: createSeal(Buffer.alloc(32, 7)),
    sessionHash: (id) => `hash of ${id}`,
    ledgers: store,
    sessions: async () => SESSIONS,
    tenantOf: (id) => SESSIONS.find((session) => session.id === id)?.tenantId ?? null,
    onTrouble: async (report) => void troubles.push(report),
    onDelivery: (outcome) => void outcomes.push(outcome),
    retry: FAST,
    ...dependencies,
  });
  return {
    ...{ webhooks, store, log, outcomes, troubles },
    start() {
      running = webhooks.start(stopping.signal);
    },
    async close() {
      stopping.abort();
      await running;
      await egress.close();
      await store.close();
    },
  };
}
