import type { IDataObject, IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callApi } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { pace } from '../../../shared/pace';

const displayOptions: IDisplayOptions = { show: { resource: ['session'], operation: ['create'] } };

export const createProperties: INodeProperties[] = [
  {
    displayName: 'Session ID',
    name: 'sessionId',
    type: 'string',
    default: '',
    placeholder: 'e.g. sales',
    description: 'The name to call the account by: letters, digits, underscores and hyphens. Made up when left empty.',
    displayOptions,
  },
  {
    displayName: 'Additional Fields',
    name: 'additionalFields',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions,
    options: [
      pace,
      {
        displayName: 'Proxy URL',
        name: 'proxyUrl',
        type: 'string',
        typeOptions: { password: true },
        default: '',
        placeholder: 'e.g. socks5://user:password@proxy.example.com:1080',
        description: 'The proxy this account connects through; never around it',
      },
      {
        displayName: 'Tenant ID',
        name: 'tenantId',
        type: 'string',
        default: '',
        description: 'Whose account this is, when several customers share the runtime',
      },
      {
        displayName: 'Webhook URL',
        name: 'webhookUrl',
        type: 'string',
        default: '',
        placeholder: 'e.g. https://example.com/whatsapp',
        description:
          'An address outside n8n that also gets the events. The trigger node needs none, it subscribes by itself.',
      },
    ],
  },
];

export async function createSession(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const fields: IDataObject = {
    sessionId: String(this.getNodeParameter('sessionId', itemIndex, '')).trim(),
    ...(this.getNodeParameter('additionalFields', itemIndex, {}) as IDataObject),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined);
  const session = await callApi<IDataObject>(this, {
    method: 'POST',
    path: '/sessions',
    body: Object.fromEntries(given),
    itemIndex,
  });
  return [{ json: session }];
}
