import type { IDataObject, IExecuteFunctions, IHttpRequestMethods, INodeProperties } from 'n8n-workflow';
import { callApi, pathTo } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { limitProperties, listed } from '../../../shared/pages';
import { sessionIdOf } from '../../../shared/session-locator';
import { messageIdOf } from './change';

export const lookProperties: INodeProperties[] = limitProperties({ resource: ['message'], operation: ['getAll'] });

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
  const query = { sessionId: sessionIdOf(this, itemIndex) };
  const messages = await listed(this, itemIndex, { path: '/messages', name: 'messages', query });
  return messages.map((json) => ({ json }));
}
