/** Subscriptions at rest: what could give access (a URL may carry a password) is sealed to the subscription's id. */
import type { EventId, SessionId, WebhookId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { Database, KeyValue } from '../store/store.ts';
import type { EventFilter } from './filter.ts';

interface FormerSecret {
  secret: string;
  until: number;
}

/** A receiver that does not take what it is sent, from the first event it refused for long. */
export interface Failing {
  session: SessionId;
  event: EventId;
  since: number;
  reason: string;
  /** The events that stepped aside since nothing is taken any more. */
  aside?: EventId[];
  /** A delivery was given up. */
  gaveUp: boolean;
}

export interface Entry extends EventFilter {
  webhookId: WebhookId;
  url: string;
  status: 'active' | 'paused' | 'disabled';
  createdAt: number;
  /** From then on it hears of nothing; null for always. */
  expiresAt: number | null;
  failing: Failing | null;
  /** Its session was deleted: what waits is delivered, and nobody sees it any more. */
  ending: boolean;
  /** Sent along with every delivery. */
  headers: Record<string, string>;
  /** Signs the deliveries. */
  secret: string;
  former: FormerSecret | null;
}

const NAMESPACE = 'webhooks';

/** All entries in memory, written through, and read again when somebody else has written. */
export function createVault(instance: Database, seal: Seal) {
  const keyValue = instance.keyValue(NAMESPACE);
  let loading: Promise<Map<WebhookId, Entry>> | undefined;
  let version: number | undefined;
  const all = async () => {
    const now = await instance.version(NAMESPACE);
    if (now !== version) loading = undefined;
    version = now;
    // A load that failed is tried again by the next caller.
    return await (loading ??= load(keyValue, seal).catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
  };
  /** Writes, and does the same to what is in memory, which is read again all the same when somebody else wrote meanwhile. */
  const writeThrough = async (write: () => Promise<unknown>, apply: (entries: Map<WebhookId, Entry>) => void) => {
    const entries = await all();
    const before = version;
    await write();
    apply(entries);
    const now = await instance.version(NAMESPACE);
    if (before !== undefined && now === before + 1) version = now;
  };
  return {
    all,
    async save(entry: Entry): Promise<void> {
      const { url, secret, former, headers, ...open } = entry;
      const hidden: Private = { url, secret, former, headers };
      const record: Sealed = { ...open, sealed: seal.seal(JSON.stringify(hidden), context(open.webhookId)) };
      await writeThrough(
        () => keyValue.set(record.webhookId, record),
        (entries) => entries.set(entry.webhookId, entry),
      );
    },
    async remove(id: WebhookId): Promise<void> {
      await writeThrough(
        () => keyValue.delete(id),
        (entries) => entries.delete(id),
      );
    },
  };
}

type Sealed = Omit<Entry, keyof Private> & { sealed: string };
type Private = Pick<Entry, 'url' | 'secret' | 'former' | 'headers'>;

/** What subscriptions had not when they were fewer words long. */
const FORMERLY = { tenantId: null, chats: 'all', senders: [], failing: null, expiresAt: null, ending: false } as const;

const context = (id: WebhookId) => `webhook:${id}`;

async function load(keyValue: KeyValue, seal: Seal): Promise<Map<WebhookId, Entry>> {
  const entries = new Map<WebhookId, Entry>();
  for await (const [, record] of (keyValue.iterator?.(undefined) ?? []) as AsyncIterable<[string, Sealed]>) {
    const { sealed, ...open } = record;
    const hidden = JSON.parse(seal.open(sealed, context(open.webhookId))) as Omit<Private, 'headers'> &
      Partial<Private>;
    entries.set(open.webhookId, { ...FORMERLY, ...open, ...hidden, headers: hidden.headers ?? {} });
  }
  return entries;
}
