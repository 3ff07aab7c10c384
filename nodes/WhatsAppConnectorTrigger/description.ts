import type { INodeProperties } from 'n8n-workflow';
import { callbackBaseUrl } from '../shared/callback-url';
import { sessionLocator } from '../shared/session-locator';
import { EVENT_OPTIONS, KIND_OPTIONS } from './event';

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
      callbackBaseUrl,
      {
        displayName: 'Download Media',
        name: 'downloadMedia',
        type: 'boolean',
        default: false,
        description:
          'Whether to add the file of a message to the item, as binary data in the field "data". Without it the item has the address where the runtime gives it out.',
      },
      {
        displayName: 'Ignore Groups',
        name: 'ignoreGroups',
        type: 'boolean',
        default: false,
        description: 'Whether to start only on messages written to the account itself, not to a group it is in',
      },
      {
        displayName: 'Ignore Older Than (Minutes)',
        name: 'ignoreOlderThan',
        type: 'number',
        typeOptions: { minValue: 1 },
        default: 60,
        description:
          'Start only on messages written within this time, not on what waited at WhatsApp while the account was offline',
      },
      {
        displayName: 'Ignore Repeats',
        name: 'ignoreRepeats',
        type: 'boolean',
        default: false,
        description:
          'Whether an event that is delivered again, as when n8n answered too late, or by "Redrive" or "Replay", starts no second execution. What n8n started before its last restart is not remembered.',
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
        displayName: 'Mark as Read',
        name: 'markRead',
        type: 'boolean',
        default: false,
        description:
          'Whether to show the sender at once that the message was read. Without it that is shown when the workflow answers.',
      },
      {
        displayName: 'Message Kinds',
        name: 'messageKinds',
        type: 'multiOptions',
        default: [],
        options: KIND_OPTIONS,
        description: 'Start only on messages of these kinds; every kind when none is chosen',
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
      {
        displayName: 'Only From',
        name: 'onlyFrom',
        type: 'string',
        default: '',
        placeholder: 'e.g. +1 555 010 0001, +1 555 010 0002',
        description: 'Start only on messages of these people: phone numbers or addresses, separated by commas',
      },
      {
        displayName: 'Only Groups',
        name: 'onlyGroups',
        type: 'boolean',
        default: false,
        description: 'Whether to start only on messages written to a group',
      },
      {
        displayName: 'Replay Last Events While Testing',
        name: 'replayLast',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: 100 },
        default: 1,
        description:
          'How many of the last events to look at again when you test the workflow: it starts with the first that fits, without waiting for a new one',
      },
      {
        displayName: 'Text Contains',
        name: 'textContains',
        type: 'string',
        default: '',
        placeholder: 'e.g. price',
        description: 'Start only on messages with these words, in upper or lower case',
      },
      {
        displayName: 'Text Matches',
        name: 'textMatches',
        type: 'string',
        default: '',
        placeholder: 'e.g. ^order \\d+',
        description: 'Start only on messages this regular expression finds something in, in upper or lower case',
      },
    ],
  },
];
