import type { INodeProperties } from 'n8n-workflow';
import type { Operation } from '../../../shared/operations';
import { recipient } from '../../../shared/recipient';
import { sessionLocator } from '../../../shared/session-locator';
import { changeProperties, deleteMessage, editMessage, messageId, reactToMessage } from './change';
import { cancelMessage, getManyMessages, getMessage, lookProperties } from './look';
import { sendMessage, sendProperties } from './send';

export const messageOperations: Record<string, Operation> = {
  cancel: cancelMessage,
  delete: deleteMessage,
  edit: editMessage,
  get: getMessage,
  getAll: getManyMessages,
  react: reactToMessage,
  send: sendMessage,
};

export const messageProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['message'] } },
    default: 'send',
    options: [
      {
        name: 'Cancel',
        value: 'cancel',
        action: 'Cancel message',
        description: 'Take back a message that is scheduled or still waiting',
      },
      {
        name: 'Delete',
        value: 'delete',
        action: 'Delete message',
        description: 'Delete a message that was sent, for everyone',
      },
      {
        name: 'Edit',
        value: 'edit',
        action: 'Edit message',
        description: 'Change the words of a message that was sent',
      },
      {
        name: 'Get',
        value: 'get',
        action: 'Get message',
        description: 'Find out whether a message was sent, delivered or read',
      },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many messages',
        description: 'List the messages of the last days',
      },
      { name: 'React', value: 'react', action: 'React to message', description: 'Put an emoji on a message' },
      {
        name: 'Send',
        value: 'send',
        action: 'Send message',
        description: 'Send a text, a file, a place, a contact card or a poll to a person or a group',
      },
    ],
  },
  sessionLocator,
  {
    ...recipient,
    displayOptions: { show: { resource: ['message'], operation: ['delete', 'edit', 'react', 'send'] } },
  },
  messageId,
  ...sendProperties,
  ...changeProperties,
  ...lookProperties,
];
