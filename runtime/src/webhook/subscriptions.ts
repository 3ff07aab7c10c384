/** The subscriptions, kept in the instance's database with URL and secrets sealed, and in memory for `publish`. */
import { randomBytes } from 'node:crypto';
import { Mutex } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import type { EventName } from '../events.ts';
import { webhookIdFor } from '../ids.ts';
import type { SessionId, WebhookId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { KeyValue } from '../store/store.ts';
import { createVault, type Entry } from './subscription-vault.ts';
import type { Subscription, SubscriptionFilter, SubscriptionRequest } from './webhook.ts';

/** A former secret signs along for so long, for receivers that have not learnt the new one yet. */
const ROTATION_MS = 24 * 3_600_000;
const SECRET_BYTES = 24;

export interface Subscriptions {
  put(request: SubscriptionRequest): Promise<Subscription & { secret: string }>;
  list(filter: SubscriptionFilter): Promise<Subscription[]>;
  /** Those to one session, with their secrets. */
  export(session: SessionId): Promise<(SubscriptionRequest & { secret: string })[]>;
  /** Throws `webhook_not_found`. */
  get(id: WebhookId): Promise<Subscription>;
  /** The active ones that want this event of this session. */
  of(session: SessionId, event: EventName): Promise<Subscription[]>;
  /** Where to deliver and what to sign with, the current secret first; undefined when it is gone. */
  target(id: WebhookId): Promise<{ url: string; secrets: string[]; status: Subscription['status'] } | undefined>;
  disable(id: WebhookId): Promise<void>;
  remove(id: WebhookId): Promise<void>;
}

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

const shown = ({ webhookId, url, sessionId, events, status, createdAt }: Entry): Subscription => ({
  ...{ webhookId, url, sessionId, status, createdAt },
  events: [...events],
});

export function createSubscriptions(keyValue: KeyValue, seal: Seal, now: () => number): Subscriptions {
  const vault = createVault(keyValue, seal);
  const change = new Mutex();
  return {
    put: (request) =>
      change.runExclusive(async () => {
        const { url, sessionId, events } = request;
        const webhookId = webhookIdFor(url, sessionId);
        const before = (await vault.all()).get(webhookId);
        const secret = request.secret ?? newSecret();
        const former =
          before && before.secret !== secret ? { secret: before.secret, until: now() + ROTATION_MS } : null;
        const createdAt = before?.createdAt ?? now();
        const wanted = [...new Set(events)];
        const entry: Entry = { webhookId, url, sessionId, events: wanted, status: 'active', createdAt, secret, former };
        await vault.save(entry);
        return { ...shown(entry), secret };
      }),
    async list({ url, sessionId }) {
      const entries = [...(await vault.all()).values()];
      return entries
        .filter((entry) => url === undefined || entry.url === url)
        .filter((entry) => sessionId === undefined || entry.sessionId === sessionId)
        .map(shown);
    },
    async export(session) {
      const entries = [...(await vault.all()).values()].filter(({ sessionId }) => sessionId === session);
      return entries.map(({ url, sessionId, events, secret }) => ({ url, sessionId, events: [...events], secret }));
    },
    async get(id) {
      const entry = (await vault.all()).get(id);
      if (!entry) throw new RuntimeError('webhook_not_found');
      return shown(entry);
    },
    async of(session, event) {
      const entries = [...(await vault.all()).values()];
      return entries
        .filter(({ sessionId, status }) => status === 'active' && (sessionId === null || sessionId === session))
        .filter(({ events }) => events.includes(event))
        .map(shown);
    },
    async target(id) {
      const entry = (await vault.all()).get(id);
      if (!entry) return undefined;
      const { url, status, secret, former } = entry;
      return { url, status, secrets: former && former.until > now() ? [secret, former.secret] : [secret] };
    },
    disable: (id) =>
      change.runExclusive(async () => {
        const entry = (await vault.all()).get(id);
        if (entry) await vault.save({ ...entry, status: 'disabled' });
      }),
    remove: (id) => change.runExclusive(() => vault.remove(id)),
  };
}
