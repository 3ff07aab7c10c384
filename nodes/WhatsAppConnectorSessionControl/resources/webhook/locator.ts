import {
  NodeOperationError,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchResult,
  type INodeProperties,
} from 'n8n-workflow';
import { callApi } from '../../../shared/api';
import { choices } from '../../../shared/session-locator';

/** Picks one subscription. Nodes using it must offer `searchWebhooks` under `methods.listSearch`. */
export const webhookLocator: INodeProperties = {
  displayName: 'Webhook',
  name: 'webhook',
  type: 'resourceLocator',
  default: { mode: 'list', value: '' },
  required: true,
  description: 'A subscription to events, such as that of a published trigger',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a webhook...',
      typeOptions: { searchListMethod: 'searchWebhooks', searchable: true },
    },
    { displayName: 'By ID', name: 'id', type: 'string', placeholder: 'e.g. wh_0123456789abcdef' },
  ],
};

/** A path below the chosen subscription. */
export const ofWebhook =
  (...rest: string[]) =>
  (context: IExecuteFunctions, itemIndex: number): string[] => {
    const value = context.getNodeParameter('webhook', itemIndex, '', { extractValue: true }) as unknown;
    if (typeof value === 'string' && value !== '') return ['webhooks', value, ...rest];
    throw new NodeOperationError(context.getNode(), 'No webhook is chosen', {
      description: 'Choose one from the list, or use the webhookId that "Get Many" gave.',
      itemIndex,
    });
  };

interface Webhook {
  webhookId: string;
  url: string;
  sessionId: string | null;
  status: string;
}

/** What the list shows: whose events go where, and whether they do. */
export async function searchWebhooks(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
  const { webhooks } = await callApi<{ webhooks: Webhook[] }>(this, { method: 'GET', path: '/webhooks' });
  return choices(
    webhooks.map(({ webhookId, url, sessionId, status }) => ({
      name: `${sessionId ?? 'All sessions'} → ${url} (${status})`,
      value: webhookId,
    })),
    filter,
  );
}
