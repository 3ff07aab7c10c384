/** A session leaves this worker, or for good: what the rooms have open of it is closed, from the outside in. */
import type { Directory } from './directory/directory.ts';
import type { Hearers } from './hearing.ts';
import type { SessionId } from './ids.ts';
import type { Pool } from './proxy/proxy.ts';
import type { Session } from './session/session.ts';
import { deletedAlert, type Alerts } from './watchdog/watchdog.ts';
import type { Webhooks } from './webhook/webhook.ts';

type Letting = Omit<Hearers, 'metrics' | 'underWay'> & {
  webhooks: Webhooks;
  proxies: Pool;
  directory: Directory;
};

/** Another worker opens it next; what is kept stays. */
export async function letGo(rooms: Letting, session: SessionId, link: Session | undefined): Promise<void> {
  await rooms.outboxes.close(session);
  await rooms.inbox.release(session);
  close(rooms, session);
  if (link) await rooms.alerts.forget(link);
  // Its place is in its record, where its next worker finds it.
  rooms.proxies.leave(session);
  await rooms.webhooks.forget(session);
}

/** It is being removed: nothing is to open its database again after it is gone. */
export async function forget(rooms: Letting, session: SessionId, before: Session | undefined): Promise<void> {
  const { outboxes, inbox, webhooks, publish, proxies, alerts } = rooms;
  await outboxes.close(session);
  await inbox.release(session);
  if (before) await alerts.forget(before);
  if (before && (await webhooks.list({ sessionId: session })).length > 0)
    await publish(session, deletedAlert(before.hash));
  await webhooks.unsubscribeSession(session);
  close(rooms, session);
  proxies.leave(session);
}

function close({ contacts, directory, protocol }: Letting, session: SessionId): void {
  contacts.forget(session);
  directory.forget(session);
  protocol.forget(session);
}

/** Of a session that is here. */
export function proxyAlert(alerts: Alerts, session: Session | undefined, works: boolean): void {
  if (session) alerts[works ? 'settle' : 'raise'](session, 'proxy_down');
}
