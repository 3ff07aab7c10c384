import type { IBinaryKeyData, IDataObject, IWebhookFunctions } from 'n8n-workflow';
import { download } from '../shared/api';
import { toItem, type EventEnvelope } from '../shared/event';

const FIELD = 'data';

/**
 * The file of a message as binary data. One that is gone for good is told in `mediaError`, so that the message is not lost with it;
 * any other trouble is thrown, so that the runtime delivers the event again.
 */
export async function fileOf(
  context: IWebhookFunctions,
  event: EventEnvelope,
): Promise<{ binary?: IBinaryKeyData; json?: IDataObject }> {
  const media = event.data.media as IDataObject | null | undefined;
  if (typeof media?.url !== 'string') return {};
  const file = await download(context, media.url);
  if ('refused' in file) return { json: { ...toItem(event), mediaError: file.refused } };
  const fileName = typeof media.fileName === 'string' ? media.fileName : String(event.data.messageId);
  return { binary: { [FIELD]: await context.helpers.prepareBinaryData(file.stream, fileName, file.mimeType) } };
}
