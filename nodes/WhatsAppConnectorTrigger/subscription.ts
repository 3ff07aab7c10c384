import { NodeOperationError, type IDataObject, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';
import { callApi, callApiUnless, pathTo } from '../shared/api';
import { reachable } from '../shared/callback-url';
import type { EventFilter } from './event';

/** A subscription as the runtime lists it. */
interface Webhook {
  webhookId: string;
  url: string;
  /** null: the events of every session. */
  sessionId: string | null;
  events: string[];
}

/**
 * What is kept between activation and deliveries, in the node's static data. The runtime shows the secret only once, and
 * n8n saves static data written while a webhook is created, so this is the one place where the secret can live.
 */
interface Kept {
  webhookId: string;
  secret: string;
}

/** The URL of a test run and the one of the active workflow live side by side; each has its own subscription. */
type Kind = 'test' | 'production';
const kindOf = (context: IHookFunctions | IWebhookFunctions): Kind =>
  context.getMode() === 'manual' ? 'test' : 'production';

function keptOf(context: IHookFunctions | IWebhookFunctions): Partial<Record<Kind, Kept>> {
  return context.getWorkflowStaticData('node') as Partial<Record<Kind, Kept>>;
}

/** The secret deliveries of this kind are signed with; undefined before the trigger was ever activated. */
export const secretOf = (context: IWebhookFunctions): string | undefined => keptOf(context)[kindOf(context)]?.secret;

/**
 * Registrations that failed, by the static data n8n holds in memory meanwhile. It calls delete after each to clear up, and if that
 * fails as well it takes the trigger for registered: published again, it would ask for no subscription, and events would be lost.
 */
const failed = new WeakSet<object>();

/** Runs a part of a registration, which has failed unless it comes to its end. */
export async function registering<Result>(context: IHookFunctions, part: () => Promise<Result>): Promise<Result> {
  failed.add(keptOf(context));
  const result = await part();
  failed.delete(keptOf(context));
  return result;
}

/** Whether what we keep and what the runtime has are the same subscription, to what the parameters say now. */
export async function isSubscribed(context: IHookFunctions): Promise<boolean> {
  const kept = keptOf(context)[kindOf(context)];
  if (!kept) return false;
  const existing = await callApiUnless<Webhook>('webhook_not_found', context, {
    method: 'GET',
    path: pathTo('webhooks', kept.webhookId),
  });
  if (!existing) return false;
  const wanted = wantedBy(context);
  return (
    existing.url === wanted.url &&
    existing.sessionId === (wanted.sessionId ?? null) &&
    sorted(existing.events) === sorted(wanted.events)
  );
}

/** An n8n that is killed while it listens says no goodbye; it listens for two minutes. */
const TEST_LASTS_MS = 5 * 60_000;

/** Asks the runtime for the subscription and keeps its id and secret. */
export async function subscribe(context: IHookFunctions): Promise<void> {
  const wanted = wantedBy(context);
  const kind = kindOf(context);
  const { webhookId, secret } = await callApi<Webhook & { secret: string }>(context, {
    method: 'POST',
    path: '/webhooks',
    body: { ...wanted, ...(kind === 'test' && { expiresAt: Date.now() + TEST_LASTS_MS }) },
  });
  keptOf(context)[kind] = { webhookId, secret };
  // The URL is this node's alone: another subscription to it is left from a session chosen before, and its deliveries
  // would be signed with a secret nobody has any more.
  for (const stale of await listByUrl(context, wanted.url)) {
    if (stale.webhookId !== webhookId) await remove(context, stale.webhookId);
  }
  if (kind === 'test') await replay(context, webhookId);
}

/** Events of before come once more, so that there is something to build with at once. */
async function replay(context: IHookFunctions, webhookId: string): Promise<void> {
  const { replayLast = 0 } = context.getNodeParameter('options', {}) as { replayLast?: number };
  if (replayLast < 1) return;
  const path = pathTo('webhooks', webhookId, 'replay');
  await callApi(context, { method: 'POST', path, body: { last: replayLast } });
}

/**
 * Ends the subscription. That it cannot be ended is thrown, so that n8n tries again and tells of it, unless this clears up after a
 * registration that failed: what is left of that, the next one finds by its URL and replaces.
 */
export async function unsubscribe(context: IHookFunctions): Promise<void> {
  if (!failed.delete(keptOf(context))) return await endSubscription(context);
  try {
    await endSubscription(context);
  } catch (error) {
    context.logger.warn(`Nothing was cleared up after the failed registration: ${(error as Error).message}`);
  }
}

/** Ends the subscription; also one of which only the URL is known, since static data does not survive everything. */
async function endSubscription(context: IHookFunctions): Promise<void> {
  const kept = keptOf(context);
  const kind = kindOf(context);
  const known = kept[kind]?.webhookId;
  if (known) await remove(context, known);
  for (const left of await listByUrl(context, callbackUrl(context))) await remove(context, left.webhookId);
  delete kept[kind];
}

function wantedBy(context: IHookFunctions): { url: string; sessionId?: string; events: string[] } {
  const events = context.getNodeParameter('events', []) as string[];
  if (events.length === 0) {
    throw new NodeOperationError(context.getNode(), 'No event is chosen', {
      description: 'Choose at least one event under "Trigger On".',
    });
  }
  requirePattern(context);
  const wanted = { url: callbackUrl(context), events };
  if (context.getNodeParameter('listenTo') === 'allSessions') return wanted;
  const sessionId = context.getNodeParameter('session', '', { extractValue: true }) as unknown;
  if (typeof sessionId === 'string' && sessionId !== '') return { ...wanted, sessionId };
  throw new NodeOperationError(context.getNode(), 'No session is chosen', {
    description: 'Choose one from the list, or listen to all sessions.',
  });
}

/** n8n's own URL for this trigger, as the runtime reaches it. */
function callbackUrl(context: IHookFunctions): string {
  const { callbackBaseUrl } = context.getNodeParameter('options', {}) as IDataObject;
  return reachable(context, context.getNodeWebhookUrl('default') ?? '', callbackBaseUrl);
}

/** A pattern that cannot be read would stop every delivery: it is refused while somebody is looking. */
function requirePattern(context: IHookFunctions): void {
  const { textMatches = '' } = context.getNodeParameter('options', {}) as EventFilter;
  try {
    new RegExp(textMatches, 'iu');
  } catch (error) {
    throw new NodeOperationError(context.getNode(), `"Text Matches" is no regular expression: ${textMatches}`, {
      description: `${(error as Error).message}. To look for plain words use "Text Contains".`,
    });
  }
}

async function listByUrl(context: IHookFunctions, url: string): Promise<Webhook[]> {
  const { webhooks } = await callApi<{ webhooks: Webhook[] }>(context, {
    method: 'GET',
    path: '/webhooks',
    query: { url },
  });
  return webhooks;
}

/** Gone already is as good as removed. */
async function remove(context: IHookFunctions, webhookId: string): Promise<void> {
  await callApiUnless('webhook_not_found', context, { method: 'DELETE', path: pathTo('webhooks', webhookId) });
}

const sorted = (events: string[]): string => [...new Set(events)].sort().join();
