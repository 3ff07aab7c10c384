/** Marks messages of a chat as read, at the wish of the session's owner. */
import type { MessageRef } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import type { Jid, MessageId, SessionId } from '../ids.ts';
import type { LiveSocket } from '../session/session.ts';
import type { Chat } from './chats.ts';
import type { OutboxDeps } from './outbox.ts';

/** The open connection. Throws `session_not_connected`. */
export function requireLive({ sessions }: Pick<OutboxDeps, 'sessions'>, session: SessionId): LiveSocket {
  const live = sessions.find(session)?.live();
  if (!live) throw new RuntimeError('session_not_connected');
  return live;
}

/** Those named, or the one that came last if any did; says how many. Throws `message_not_found`, and marks none then. */
export async function markRead(
  chat: Jid,
  which: MessageId[] | Chat['lastReceived'],
  session: SessionId,
  deps: OutboxDeps,
): Promise<number> {
  const live = requireLive(deps, session);
  const find = async (id: MessageId): Promise<MessageRef> => {
    const found = await deps.received(session, chat, id);
    if (!found || found.fromMe) throw new RuntimeError('message_not_found');
    return found;
  };
  const messages = Array.isArray(which) ? await Promise.all(which.map(find)) : which ? [which] : [];
  // A receipt names the messages of one author.
  for (const [participant, theirs] of Map.groupBy(messages, (each) => each.participant)) {
    await live.markRead(
      chat,
      theirs.map(({ messageId }) => messageId),
      participant,
    );
  }
  return messages.length;
}
