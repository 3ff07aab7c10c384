import { NodeOperationError, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import { callApi, pathTo } from '../../../../shared/api';
import { reachable } from '../../../../shared/callback-url';
import type { OperationResult } from '../../../../shared/operations';
import { numberOf, textOf } from '../../../../shared/parameters';
import { contentOf } from '../content';
import { handOver, type Outgoing } from '../how';
import { UNITS } from './properties';
import type { Awaited, ResponseType } from './reply';

/** The subscription outlives the wait by a little, so that a reply at the last moment is still told. */
const MARGIN_MS = 60_000;
/** As long as the runtime lets anybody wait. A message that pacing holds longer is waited for all the same. */
const SENDING_S = 120;

interface Sent {
  messageId: string;
  sessionId: string;
  to: string;
  contact: { contactId: string } | null;
  timeline: { status: string; at: number }[];
}

/**
 * Sends, asks the runtime to tell n8n's address for this execution what is said in the chat, and lets the execution rest. Tried
 * again after a crash it sends nothing twice, and there is one subscription, since the address is the same.
 */
export async function sendAndWait(
  this: IExecuteFunctions,
  itemIndexes: number[],
): Promise<(OperationResult & { of: number[] })[]> {
  if (itemIndexes.length > 1) throw tooMany(this);
  const responseType = textOf(this, 0, 'responseType') as ResponseType;
  const waitMs = numberOf(this, 0, 'waitAmount') * (UNITS[textOf(this, 0, 'waitUnit')] ?? 1) * 1_000;
  const [sent] = await handOver(this, 0, await questionOf(this, responseType), { waitFor: 'sent', timeout: SENDING_S });
  const { messageId, sessionId, to, contact, timeline } = sent?.json as unknown as Sent;
  const awaited: Awaited = {
    ...{ responseType, messageId, to, contactId: contact?.contactId ?? '' },
    ...{ approve: textOf(this, 0, 'approveLabel'), decline: textOf(this, 0, 'declineLabel') },
  };
  const until = Date.now() + waitMs;
  const { callbackBaseUrl } = this.getNodeParameter('options', 0, {}) as IDataObject;
  const url = reachable(this, this.getSignedResumeUrl({ ...awaited, sessionId }), callbackBaseUrl);
  const post = (path: string, body: IDataObject) =>
    callApi<IDataObject>(this, { method: 'POST', path, body, itemIndex: 0 });
  const events = EVENTS[responseType];
  const { webhookId } = await post('/webhooks', { url, sessionId, events, expiresAt: until + MARGIN_MS });
  // Who replied at once did so before there was a subscription.
  const sentAt = timeline.find(({ status }) => status === 'sent')?.at;
  if (sentAt !== undefined) await post(pathTo('webhooks', String(webhookId), 'replay'), { from: sentAt });
  await this.putExecutionToWait(new Date(until));
  // What n8n goes on with when time is up is the item that came in; it says so itself.
  const [item] = this.getInputData();
  if (item) item.json = { ...item.json, replied: false, sentMessageId: messageId };
  return [{ json: item?.json ?? {}, of: itemIndexes }];
}

const EVENTS: Record<ResponseType, string[]> = {
  approval: ['message', 'poll.vote'],
  quotedReply: ['message'],
  reply: ['message'],
  vote: ['poll.vote'],
};

async function questionOf(context: IExecuteFunctions, responseType: ResponseType): Promise<Outgoing> {
  if (responseType === 'vote') return await contentOf(context, 0, 'poll');
  if (responseType !== 'approval') return await contentOf(context, 0, 'text');
  const options = [textOf(context, 0, 'approveLabel'), textOf(context, 0, 'declineLabel')];
  return { kind: 'poll', content: { question: textOf(context, 0, 'question'), options, selectable: 1 } };
}

const tooMany = (context: IExecuteFunctions) =>
  new NodeOperationError(context.getNode(), 'An execution can wait for one reply at a time, and there are more items', {
    description: 'Put a "Loop Over Items" node before this one, or call a sub-workflow once for each item.',
  });
