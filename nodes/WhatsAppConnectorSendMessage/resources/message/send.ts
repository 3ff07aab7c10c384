import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { OperationResult } from '../../../shared/operations';
import { contentOf, contentProperties, typeOptions } from './content';
import { handOver, optionsWith } from './how';

const show = { resource: ['message'], operation: ['send'] };

export const sendProperties: INodeProperties[] = [
  {
    displayName: 'Message Type',
    name: 'messageType',
    type: 'options',
    noDataExpression: true,
    default: 'text',
    options: typeOptions,
    displayOptions: { show },
  },
  ...contentProperties(show),
  optionsWith(
    [
      {
        displayName: 'Mentions',
        name: 'mentions',
        type: 'string',
        default: '',
        placeholder: 'e.g. +1 555 010 0001, +1 555 010 0002',
        description: 'People the text or caption names as @number, separated by commas; each of them is told',
      },
      {
        displayName: 'Reply to Message ID',
        name: 'quotedMessageId',
        type: 'string',
        default: '',
        placeholder: 'e.g. 3EB0C767D097B7C7C030',
        description: 'The message to quote, by the messageId the trigger gave',
      },
    ],
    show,
  ),
];

/** Sends a message of any type. */
export async function sendMessage(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  return await handOver(this, itemIndex, await contentOf(this, itemIndex));
}
