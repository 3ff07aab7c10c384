import type { INodeProperties } from 'n8n-workflow';
import type { Operations } from '../../../shared/operations';
import { recipient } from '../../../shared/recipient';
import { sessionLocator } from '../../../shared/session-locator';
import { changeProperties, deleteMessage, editMessage, forwardMessage, messageId, reactToMessage } from './change';
import { getManyMessages, lookOperations, lookProperties } from './look';
import { sendMessage, sendProperties } from './send';
import { waitProperties } from './wait/properties';
import { sendAndWait } from './wait/send-and-wait';

export const messageOperations: Operations[string] = {
  ...lookOperations,
  delete: deleteMessage,
  edit: editMessage,
  forward: forwardMessage,
  getAll: getManyMessages,
  react: reactToMessage,
  send: sendMessage,
  sendAndWait: { together: sendAndWait },
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
        name: 'Forward',
        value: 'forward',
        action: 'Forward message',
        description: 'Pass a message of the last 14 days on to another chat',
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
      {
        name: 'Send and Wait for Response',
        value: 'sendAndWait',
        action: 'Send message and wait for response',
        description: 'Ask something and continue when there is a reply, a vote or an approval, or when time is up',
      },
      {
        name: 'Wait for Status',
        value: 'wait',
        action: 'Wait for status of message',
        description: 'Wait until a message that was sent before is delivered or read',
      },
    ],
  },
  { ...sessionLocator, displayOptions: { show: { resource: ['message'] } } },
  {
    ...recipient,
    displayOptions: {
      show: { resource: ['message'], operation: ['delete', 'edit', 'forward', 'react', 'send', 'sendAndWait'] },
    },
  },
  messageId,
  ...sendProperties,
  ...waitProperties,
  ...changeProperties,
  ...lookProperties,
];
