import type { IDataObject, IWebhookFunctions } from 'n8n-workflow';
import { callApi, pathTo } from '../shared/api';
import { isObject, type EventEnvelope } from '../shared/event';

/**
 * Shows the sender that the message was read. That it cannot be shown, as while the session is offline, is for the log: the
 * workflow starts all the same.
 */
export async function markRead(context: IWebhookFunctions, { event, sessionId, data }: EventEnvelope): Promise<void> {
  if (event !== 'message' || data.fromMe === true || !isObject(data.chat)) return;
  const path = pathTo('sessions', sessionId, 'chats', String(data.chat.jid), 'read');
  try {
    await callApi<IDataObject>(context, { method: 'POST', path, body: { messageIds: [String(data.messageId)] } });
  } catch (error) {
    context.logger.warn(`A message could not be marked as read: ${(error as Error).message}`);
  }
}
