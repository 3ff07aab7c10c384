import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callOperations, type Call } from '../../../shared/calls';
import type { OperationResult } from '../../../shared/operations';
import { limitProperties, listed } from '../../../shared/pages';
import { numberOf, textOf, waitAtMost } from '../../../shared/parameters';
import { sessionIdOf } from '../../../shared/session-locator';
import { messageIdOf } from './change';
import { reachedStatuses } from './how';

const show = (...operation: string[]) => ({ show: { resource: ['message'], operation } });

export const lookProperties: INodeProperties[] = [
  ...limitProperties({ resource: ['message'], operation: ['getAll'] }),
  {
    displayName: 'Wait Until',
    name: 'status',
    type: 'options',
    default: 'delivered',
    options: reachedStatuses,
    displayOptions: show('wait'),
  },
  waitAtMost(show('wait')),
];

const ofMessage = (...rest: string[]): Pick<Call, 'path' | 'query'> => ({
  path: (context, itemIndex) => ['messages', messageIdOf(context, itemIndex), ...rest],
  query: (context, itemIndex): IDataObject => ({ sessionId: sessionIdOf(context, itemIndex) }),
});

/** Where a message is, with the time of each step; taking it back while it has not gone; waiting for it. */
export const lookOperations = callOperations({
  cancel: { method: 'DELETE', ...ofMessage() },
  get: { method: 'GET', ...ofMessage() },
  wait: {
    ...{ method: 'GET', ...ofMessage('wait') },
    query: (context, itemIndex) => ({
      sessionId: sessionIdOf(context, itemIndex),
      status: textOf(context, itemIndex, 'status'),
      timeout: numberOf(context, itemIndex, 'timeout'),
    }),
  },
});

/** The messages of the last days, the one accepted last first. */
export async function getManyMessages(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const query = { sessionId: sessionIdOf(this, itemIndex) };
  const messages = await listed(this, itemIndex, { path: '/messages', name: 'messages', query });
  return messages.map((json) => ({ json }));
}
