import type { IDataObject, IExecuteFunctions, IHttpRequestMethods, INodeProperties } from 'n8n-workflow';
import { callApi, pathTo } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';
import { messageIdOf } from './change';

const PAGE = 100;
const show = { resource: ['message'], operation: ['getAll'] };

export const lookProperties: INodeProperties[] = [
  {
    displayName: 'Return All',
    name: 'returnAll',
    type: 'boolean',
    default: false,
    description: 'Whether to return all results or only up to a given limit',
    displayOptions: { show },
  },
  {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 50,
    description: 'Max number of results to return',
    displayOptions: { show: { ...show, returnAll: [false] } },
  },
];

/** Asks for one message, or takes it back. */
async function one(context: IExecuteFunctions, itemIndex: number, method: IHttpRequestMethods) {
  const query = { sessionId: sessionIdOf(context, itemIndex) };
  const path = pathTo('messages', messageIdOf(context, itemIndex));
  return [{ json: await callApi<IDataObject>(context, { method, path, query, itemIndex }) }];
}

/** Where a message is: waiting, sent, delivered, read or given up, with the time of each. */
export async function getMessage(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  return await one(this, itemIndex, 'GET');
}

/** Takes back a message that has not gone yet. */
export async function cancelMessage(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  return await one(this, itemIndex, 'DELETE');
}

/** The messages of the last days, the one accepted last first. */
export async function getManyMessages(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const sessionId = sessionIdOf(this, itemIndex);
  const all = this.getNodeParameter('returnAll', itemIndex, false) as boolean;
  const wanted = all ? Infinity : (this.getNodeParameter('limit', itemIndex, 50) as number);
  const found: IDataObject[] = [];
  let cursor: string | null = null;
  do {
    const query = { sessionId, limit: Math.min(PAGE, wanted - found.length), ...(cursor && { cursor }) };
    const page: { messages: IDataObject[]; nextCursor: string | null } = await callApi(this, {
      ...{ method: 'GET', path: '/messages', query, itemIndex },
    });
    found.push(...page.messages);
    cursor = page.nextCursor;
  } while (cursor !== null && found.length < wanted);
  return found.map((json) => ({ json }));
}
