import type { INodeProperties } from 'n8n-workflow';
import { sessionLocator } from '../shared/session-locator';
import { EVENT_OPTIONS } from './event';

export const properties: INodeProperties[] = [
  {
    displayName: 'Trigger On',
    name: 'events',
    type: 'multiOptions',
    required: true,
    default: ['message'],
    options: EVENT_OPTIONS,
  },
  {
    displayName: 'Listen To',
    name: 'listenTo',
    type: 'options',
    noDataExpression: true,
    default: 'oneSession',
    options: [
      { name: 'All Sessions', value: 'allSessions', description: 'Every account, also those linked later' },
      { name: 'One Session', value: 'oneSession', description: 'A single WhatsApp account' },
    ],
  },
  { ...sessionLocator, displayOptions: { show: { listenTo: ['oneSession'] } } },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    options: [
      {
        displayName: 'Callback Base URL',
        name: 'callbackBaseUrl',
        type: 'string',
        default: '',
        placeholder: 'e.g. http://n8n:5678',
        description:
          'Where the connector runtime reaches n8n, if that is not the address n8n shows in its webhook URLs, such as between containers',
      },
      {
        displayName: 'Ignore Groups',
        name: 'ignoreGroups',
        type: 'boolean',
        default: false,
        description: 'Whether to start only on messages written to the account itself, not to a group it is in',
      },
      {
        displayName: 'Include Own Messages',
        name: 'includeOwnMessages',
        type: 'boolean',
        default: false,
        description:
          'Whether to also start on messages sent from the account itself, such as by its phone. A workflow that answers them may answer itself.',
      },
      {
        displayName: 'Message Statuses',
        name: 'messageStatuses',
        type: 'multiOptions',
        default: [],
        options: [
          { name: 'Delivered', value: 'delivered' },
          { name: 'Failed', value: 'failed' },
          { name: 'Read', value: 'read' },
          { name: 'Sent', value: 'sent' },
        ],
        description: 'Start only on these statuses of a sent message; every status when none is chosen',
      },
    ],
  },
];
