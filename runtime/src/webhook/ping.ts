/** A test delivery: made at once, by the way every delivery takes, kept nowhere. */
import type { EventId } from '../ids.ts';
import type { Egress } from '../proxy/proxy.ts';
import { plainHeaders } from './delivery.ts';
import { post, type Attempt } from './receiver.ts';
import { signatureHeaders } from './signature.ts';
import type { Target } from './subscriptions.ts';
import type { Subscription } from './webhook.ts';

export interface PingDependencies {
  egress: Egress;
  timeout: number;
  now: () => number;
  signal: AbortSignal;
}

/** Sends a `ping` signed as any event is; gives what came of it. */
export async function ping(
  { egress, timeout, now, signal }: PingDependencies,
  { url, headers: own, secrets }: Target,
  { sessionId }: Subscription,
  id: EventId,
): Promise<Attempt> {
  const body = JSON.stringify({ id, event: 'ping', version: 1, sessionId, timestamp: now(), data: {} });
  const headers = { ...own, ...plainHeaders, ...signatureHeaders(id, body, secrets, now()) };
  return (await post(egress, { url, headers, body, timeout, now, stopping: signal })).attempt;
}
