import type { IDataObject, IWebhookDescription, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { callApi, callApiUnless, pathTo } from '../../../../shared/api';
import { readEvent } from '../../../../shared/event';
import { replyIn, type Awaited } from './reply';

/** Where a waiting execution is told what is said. n8n makes the address of it with each execution; it is registered nowhere. */
export const resumeWebhooks: IWebhookDescription[] = [
  {
    name: 'default',
    httpMethod: 'POST',
    path: '={{ $nodeId }}',
    isFullPath: true,
    restartWebhook: true,
    responseMode: 'onReceived',
    responseData: '',
  },
];

/**
 * Continues the execution when the reply has come. n8n has checked the signature of the address, which holds what is waited for;
 * nothing may be thrown, since n8n would end the execution with it.
 */
export async function resume(this: IWebhookFunctions): Promise<IWebhookResponseData> {
  const query = this.getQueryData() as unknown as Awaited & { sessionId: string; signature: string };
  const event = readEvent(this.getBodyData());
  const reply = event && replyIn(event, query);
  if (!reply) return { webhookResponse: { received: true, isTheReply: false } };
  await endSubscription(this, query.sessionId, query.signature);
  const branches = Array.from({ length: reply.branch + 1 }, (_, branch) =>
    branch === reply.branch ? [{ json: reply.item, pairedItem: { item: 0 } }] : [],
  );
  return { workflowData: branches, webhookResponse: { received: true, isTheReply: true } };
}

/** It ends by itself when the wait would have been over: that it cannot be ended now is for the log. */
async function endSubscription(context: IWebhookFunctions, sessionId: string, signature: string): Promise<void> {
  try {
    const query = { sessionId };
    const { webhooks } = await callApi<{ webhooks: { webhookId: string; url: string }[] }>(context, {
      ...{ method: 'GET', path: '/webhooks', query },
    });
    for (const { webhookId } of webhooks.filter(({ url }) => isSignedBy(url, signature))) {
      const path = pathTo('webhooks', webhookId);
      await callApiUnless<IDataObject>('webhook_not_found', context, { method: 'DELETE', path });
    }
  } catch (error) {
    context.logger.warn(`The subscription for a reply stays until its time is up: ${(error as Error).message}`);
  }
}

const isSignedBy = (url: string, signature: string) => new URL(url).searchParams.get('signature') === signature;
