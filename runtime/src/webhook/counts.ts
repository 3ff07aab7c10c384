/** How many messages a session sent and received, counted from its own events, so that it is true over restarts. */
import { setImmediate as othersFirst } from 'node:timers/promises';
import type { EventEnvelope, MessageAckEvent, MessageEvent } from '../events.ts';
import type { SessionId } from '../ids.ts';
import { positionAt, type EventLog, type StoredEvent } from './event-log.ts';

export interface MessageCounts {
  sent: number;
  received: number;
  failed: number;
}

const PAGE = 500;

/** Of the events since then (ms since 1970). Between pages whatever else waits has its turn. */
export async function countMessages(events: EventLog, session: SessionId, since: number): Promise<MessageCounts> {
  const counts: MessageCounts = { sent: 0, received: 0, failed: 0 };
  let after = positionAt(since);
  for (;;) {
    const page: StoredEvent[] = await events.read(session, { after, limit: PAGE });
    for (const { envelope } of page) {
      const what = countedAs(envelope);
      if (what) counts[what]++;
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return counts;
    after = last.position;
    await othersFirst();
  }
}

function countedAs({ event, data }: EventEnvelope): keyof MessageCounts | null {
  if (event === 'message') return (data as MessageEvent).fromMe ? null : 'received';
  if (event !== 'message.ack') return null;
  const { status } = data as MessageAckEvent;
  return status === 'sent' || status === 'failed' ? status : null;
}
