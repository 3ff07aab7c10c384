/** The subscriptions, kept in the instance's database with URL and secrets sealed, and in memory for `publish`. */
import { randomBytes } from 'node:crypto';
import { Mutex } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import type { EventEnvelope } from '../events.ts';
import { webhookIdFor } from '../ids.ts';
import type { SessionId, WebhookId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { Database } from '../store/store.ts';
import { covers, wants } from './filter.ts';
import { checkHeaders } from './headers.ts';
import { createVault, type Entry, type Failing } from './subscription-vault.ts';
import type {
  ExportedSubscription,
  NewSubscription,
  Subscription,
  SubscriptionChange,
  SubscriptionFilter,
  SubscriptionRequest,
} from './webhook.ts';

/** A former secret signs along for so long, for receivers that have not learnt the new one yet. */
const ROTATION_MS = 24 * 3_600_000;
const SECRET_BYTES = 24;

/** Where to deliver and what to sign with, the current secret first. */
export interface Target extends Pick<Entry, 'url' | 'headers' | 'status' | 'failing' | 'ending'> {
  secrets: string[];
}

export interface Subscriptions {
  put(request: SubscriptionRequest): Promise<NewSubscription>;
  /** Throws `webhook_not_found`. */
  change(id: WebhookId, change: SubscriptionChange): Promise<Subscription>;
  /** Gives it a new secret; the former one signs along for a day. Throws `webhook_not_found`. */
  rotate(id: WebhookId): Promise<NewSubscription>;
  list(filter: SubscriptionFilter): Promise<Subscription[]>;
  /** Those to one session, with their secrets. */
  export(session: SessionId): Promise<ExportedSubscription[]>;
  /** Throws `webhook_not_found`. */
  get(id: WebhookId): Promise<Subscription>;
  /** Those not disabled that want this event. */
  of(event: EventEnvelope, tenant: string | null): Promise<Subscription[]>;
  /** Undefined when it is gone. */
  target(id: WebhookId): Promise<Target | undefined>;
  disable(id: WebhookId): Promise<void>;
  /** Notes how its receiver does; null is well. */
  note(id: WebhookId, failing: Failing | null): Promise<void>;
  remove(id: WebhookId): Promise<void>;
  /** From now on it hears of nothing new; it stays for what waits, until then at the latest (ms since 1970). */
  end(id: WebhookId, until: number): Promise<void>;
  /** Removes one that is ending; one that was put again meanwhile stays. */
  removeEnded(id: WebhookId): Promise<void>;
}

const UNFILTERED = { chats: 'all' as const, senders: [], headers: {} };

const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

const shown = ({
  secret: _secret,
  former: _former,
  ending: _ending,
  headers,
  failing,
  ...entry
}: Entry): Subscription => ({
  ...entry,
  events: [...entry.events],
  senders: [...entry.senders],
  headerNames: Object.keys(headers),
  failing: failing && { since: failing.since, reason: failing.reason },
});

export class KeptSubscriptions implements Subscriptions {
  readonly #vault;
  readonly #now: () => number;
  readonly #oneByOne = new Mutex();

  constructor(instance: Database, seal: Seal, now: () => number) {
    this.#vault = createVault(instance, seal);
    this.#now = now;
  }

  put({ url, sessionId, events, tenantId = null, expiresAt = null, paused = false, ...request }: SubscriptionRequest) {
    return this.#oneByOne.runExclusive(async (): Promise<NewSubscription> => {
      const { chats, senders, headers, secret = newSecret() } = { ...UNFILTERED, ...request };
      checkHeaders(headers);
      await this.#forgetExpired();
      const webhookId = webhookIdFor(url, sessionId, tenantId);
      const before = (await this.#live()).get(webhookId);
      const entry: Entry = {
        ...{ webhookId, url, sessionId, tenantId, chats, headers, secret, expiresAt },
        events: [...new Set(events)],
        senders: [...new Set(senders)],
        status: paused ? 'paused' : 'active',
        createdAt: before?.createdAt ?? this.#now(),
        failing: before?.failing ?? null,
        ending: false,
        former: before && before.secret !== secret ? this.#former(before.secret) : null,
      };
      return { ...(await this.#save(entry)), secret };
    });
  }

  change(id: WebhookId, { paused, ...change }: SubscriptionChange): Promise<Subscription> {
    return this.#oneByOne.runExclusive(async () => {
      const entry = await this.#read(id);
      if (change.headers) checkHeaders(change.headers);
      const status = paused === undefined ? entry.status : paused ? 'paused' : 'active';
      return await this.#save({ ...entry, ...change, status });
    });
  }

  rotate(id: WebhookId): Promise<NewSubscription> {
    return this.#oneByOne.runExclusive(async () => {
      const entry = await this.#read(id);
      const secret = newSecret();
      return { ...(await this.#save({ ...entry, secret, former: this.#former(entry.secret) })), secret };
    });
  }

  async list({ url, sessionId, tenantId }: SubscriptionFilter): Promise<Subscription[]> {
    const entries = await this.#heard();
    return entries
      .filter((entry) => url === undefined || entry.url === url)
      .filter((entry) => sessionId === undefined || entry.sessionId === sessionId)
      .filter((entry) => tenantId === undefined || entry.tenantId === tenantId)
      .map(shown);
  }

  async export(session: SessionId): Promise<ExportedSubscription[]> {
    const entries = (await this.#heard()).filter(({ sessionId }) => sessionId === session);
    return entries.map(({ url, events, chats, senders, headers, secret, status, expiresAt }) => ({
      ...{ url, chats, headers, secret, expiresAt, paused: status === 'paused' },
      events: [...events],
      senders: [...senders],
    }));
  }

  async get(id: WebhookId): Promise<Subscription> {
    return shown(await this.#read(id));
  }

  async of(event: EventEnvelope, tenant: string | null): Promise<Subscription[]> {
    const entries = await this.#heard();
    return entries
      .filter((entry) => entry.status !== 'disabled' && covers(entry, event.sessionId, tenant))
      .filter((entry) => wants(entry, event))
      .map(shown);
  }

  async target(id: WebhookId): Promise<Target | undefined> {
    const entry = (await this.#live()).get(id);
    if (!entry) return undefined;
    const { url, headers, status, failing, ending, secret, former } = entry;
    const both = former && former.until > this.#now();
    return { url, headers, status, failing, ending, secrets: both ? [secret, former.secret] : [secret] };
  }

  disable(id: WebhookId): Promise<void> {
    return this.#update(id, { status: 'disabled' });
  }

  note(id: WebhookId, failing: Failing | null): Promise<void> {
    return this.#update(id, { failing });
  }

  remove(id: WebhookId): Promise<void> {
    return this.#oneByOne.runExclusive(() => this.#vault.remove(id));
  }

  end(id: WebhookId, until: number): Promise<void> {
    return this.#update(id, { ending: true, expiresAt: until });
  }

  removeEnded(id: WebhookId): Promise<void> {
    return this.#oneByOne.runExclusive(async () => {
      if ((await this.#live()).get(id)?.ending) await this.#vault.remove(id);
    });
  }

  /** Those who hear of what happens. */
  async #heard(): Promise<Entry[]> {
    return [...(await this.#live()).values()].filter(({ ending }) => !ending);
  }

  /** Those whose time is not up. */
  async #live(): Promise<Map<WebhookId, Entry>> {
    const isLive = ({ expiresAt }: Entry) => expiresAt === null || expiresAt > this.#now();
    return new Map([...(await this.#vault.all())].filter(([, entry]) => isLive(entry)));
  }

  /** Who makes subscriptions that end makes room with the next one; one by one with what else is written. */
  async #forgetExpired(): Promise<void> {
    const live = await this.#live();
    for (const id of [...(await this.#vault.all()).keys()]) if (!live.has(id)) await this.#vault.remove(id);
  }

  async #read(id: WebhookId): Promise<Entry> {
    const entry = (await this.#live()).get(id);
    if (!entry || entry.ending) throw new RuntimeError('webhook_not_found');
    return entry;
  }

  async #save(entry: Entry): Promise<Subscription> {
    await this.#vault.save(entry);
    return shown(entry);
  }

  /** Nothing when it is gone. */
  #update(id: WebhookId, change: Partial<Entry>): Promise<void> {
    return this.#oneByOne.runExclusive(async () => {
      const entry = (await this.#live()).get(id);
      if (entry) await this.#vault.save({ ...entry, ...change });
    });
  }

  #former(secret: string): Entry['former'] {
    return { secret, until: this.#now() + ROTATION_MS };
  }
}
