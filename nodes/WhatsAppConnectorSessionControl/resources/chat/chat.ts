import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import type { Operation, OperationResult } from '../../../shared/operations';
import { pathTo } from '../../../shared/api';
import { limitProperties, listed } from '../../../shared/pages';
import { given, severalIn, textOf } from '../../../shared/parameters';
import { recipient, recipientOf } from '../../../shared/recipient';
import { ofSession } from '../../../shared/session-locator';
import { getPicture, pictureProperties } from './picture';

const show = (...operation: string[]) => ({ show: { resource: ['chat'], operation } });

const operations: INodeProperties = {
  displayName: 'Operation',
  name: 'operation',
  type: 'options',
  noDataExpression: true,
  displayOptions: { show: { resource: ['chat'] } },
  default: 'getAll',
  options: [
    {
      name: 'Follow Presence',
      value: 'followPresence',
      action: 'Follow presence in chat',
      description: 'Ask whether somebody is there, and have the trigger told when that changes',
    },
    {
      name: 'Get Many',
      value: 'getAll',
      action: 'Get many chats',
      description: 'List the people the account has met and its groups, the one active last first',
    },
    {
      name: 'Get Picture',
      value: 'getPicture',
      action: 'Get picture of chat',
      description: 'Retrieve the picture of a person or a group',
    },
    {
      name: 'Mark as Read',
      value: 'markRead',
      action: 'Mark chat as read',
      description: 'Show the other side that their messages were read',
    },
    {
      name: 'Show Typing',
      value: 'showTyping',
      action: 'Show typing in chat',
      description: 'Show "typing" or "recording", or stop it; it ends by itself after some seconds',
    },
  ],
};

export const chatProperties: INodeProperties[] = [
  operations,
  {
    ...recipient,
    displayName: 'Chat',
    displayOptions: { show: { resource: ['chat'] }, hide: { operation: ['getAll'] } },
  },
  {
    displayName: 'State',
    name: 'typing',
    type: 'options',
    default: 'typing',
    options: [
      { name: 'Recording', value: 'recording' },
      { name: 'Stopped', value: 'stopped' },
      { name: 'Typing', value: 'typing' },
    ],
    displayOptions: show('showTyping'),
  },
  {
    displayName: 'Message IDs',
    name: 'messageIds',
    type: 'string',
    default: '',
    placeholder: 'e.g. {{ $json.messageId }}',
    hint: 'Separated by commas; the last message of the chat when left empty',
    displayOptions: show('markRead'),
  },
  {
    displayName: 'Filters',
    name: 'filters',
    type: 'collection',
    placeholder: 'Add filter',
    default: {},
    displayOptions: show('getAll'),
    options: [
      {
        displayName: 'Kind',
        name: 'kind',
        type: 'options',
        default: 'person',
        options: [
          { name: 'Group', value: 'group' },
          { name: 'Person', value: 'person' },
        ],
      },
      {
        displayName: 'Search',
        name: 'search',
        type: 'string',
        default: '',
        description: 'Only those with this in their name, number or address',
      },
    ],
  },
  ...limitProperties(show('getAll').show),
  ...pictureProperties,
];

const ofChat =
  (...rest: string[]) =>
  (context: IExecuteFunctions, itemIndex: number) =>
    ofSession('chats', recipientOf(context, itemIndex), ...rest)(context, itemIndex);

async function getManyChats(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const path = pathTo(...ofSession('chats')(this, itemIndex));
  const query = given(this.getNodeParameter('filters', itemIndex, {}) as Record<string, string>);
  const chats = await listed(this, itemIndex, { path, name: 'chats', query });
  return chats.map((json) => ({ json }));
}

export const chatOperations: Record<string, Operation> = {
  ...callOperations({
    followPresence: { method: 'POST', path: ofChat('presence') },
    markRead: {
      ...{ method: 'POST', path: ofChat('read') },
      body(context, itemIndex) {
        const messageIds = severalIn(textOf(context, itemIndex, 'messageIds'));
        return messageIds.length > 0 ? { messageIds } : {};
      },
    },
    showTyping: {
      ...{ method: 'POST', path: ofChat('typing') },
      body: (context, itemIndex) => ({ state: textOf(context, itemIndex, 'typing') }),
    },
  }),
  getAll: getManyChats,
  getPicture,
};
