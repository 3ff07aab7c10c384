import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { callOperations, type Call } from '../../../shared/calls';
import type { Operations } from '../../../shared/operations';
import { textOf } from '../../../shared/parameters';
import { recipient } from '../../../shared/recipient';
import { sessionIdOf, sessionLocator } from '../../../shared/session-locator';
import { sendBulk, sendBulkProperties } from './send';

const show = (...operation: string[]) => ({ show: { resource: ['bulk'], operation } });
/** As many outcomes as a bulk can have. */
const ALL = 1_000;

export const bulkProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['bulk'] } },
    default: 'send',
    options: [
      {
        name: 'Cancel',
        value: 'cancel',
        action: 'Cancel bulk',
        description: 'Stop a bulk: what has not gone is taken back',
      },
      {
        name: 'Get',
        value: 'get',
        action: 'Get bulk',
        description: 'Find out how far a bulk is, with the outcome of each message',
      },
      {
        name: 'Send',
        value: 'send',
        action: 'Send bulk',
        description: 'Send one text to each of many people who know this account, one after another with pauses',
      },
    ],
  },
  { ...sessionLocator, displayOptions: { show: { resource: ['bulk'] } } },
  { ...recipient, displayOptions: show('send') },
  ...sendBulkProperties(show('send')),
  {
    displayName: 'Bulk ID',
    name: 'bulkId',
    type: 'string',
    required: true,
    default: '',
    hint: 'The "bulkId" that "Send" gave',
    displayOptions: show('cancel', 'get'),
  },
];

const ofBulk: Pick<Call, 'path' | 'query'> = {
  path: (context, itemIndex) => ['bulks', textOf(context, itemIndex, 'bulkId')],
  query: (context, itemIndex): IDataObject => ({ sessionId: sessionIdOf(context, itemIndex), limit: ALL }),
};

export const bulkOperations: Operations[string] = {
  ...callOperations({ cancel: { method: 'DELETE', ...ofBulk }, get: { method: 'GET', ...ofBulk } }),
  send: { together: sendBulk },
};
