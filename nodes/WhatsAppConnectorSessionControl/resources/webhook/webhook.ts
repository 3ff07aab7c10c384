import type { INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import type { Operation } from '../../../shared/operations';
import { given, numberOf, textOf } from '../../../shared/parameters';
import { sessionIdOf, sessionLocator } from '../../../shared/session-locator';
import { getManyDeliveries, getManyDeliveriesProperties } from './deliveries';
import { ofWebhook, webhookLocator } from './locator';

const show = (...operation: string[]) => ({ show: { resource: ['webhook'], operation } });

const operations: INodeProperties = {
  displayName: 'Operation',
  name: 'operation',
  type: 'options',
  noDataExpression: true,
  displayOptions: { show: { resource: ['webhook'] } },
  default: 'getAll',
  options: [
    { name: 'Delete', value: 'delete', action: 'Delete webhook', description: 'End a subscription' },
    {
      name: 'Get Delivery',
      value: 'getDelivery',
      action: 'Get delivery of webhook',
      description: 'Retrieve one event on its way to a webhook, with every attempt and what the receiver answered',
    },
    {
      name: 'Get Many',
      value: 'getAll',
      action: 'Get many webhooks',
      description: 'List who hears of events: the triggers of n8n and others, and whether they take them',
    },
    {
      name: 'Get Many Deliveries',
      value: 'getDeliveries',
      action: 'Get many deliveries of webhook',
      description: 'List what became of each event, the newest first',
    },
    {
      name: 'Pause',
      value: 'pause',
      action: 'Pause webhook',
      description: 'Keep what happens, to be delivered when it goes on',
    },
    {
      name: 'Ping',
      value: 'ping',
      action: 'Ping webhook',
      description: 'Send a test event and tell what the receiver answers',
    },
    {
      name: 'Redrive',
      value: 'redrive',
      action: 'Redrive deliveries of webhook',
      description: 'Deliver again what was given up: one event, or all of them',
    },
    {
      name: 'Replay',
      value: 'replay',
      action: 'Replay events to webhook',
      description: 'Deliver the last events again, whether they were delivered or not',
    },
    {
      name: 'Resume',
      value: 'resume',
      action: 'Resume webhook',
      description: 'Go on after a pause, or after the receiver said that it is gone for good',
    },
  ],
};

export const webhookProperties: INodeProperties[] = [
  operations,
  { ...webhookLocator, displayOptions: { show: { resource: ['webhook'] }, hide: { operation: ['getAll'] } } },
  {
    displayName: 'Of',
    name: 'of',
    type: 'options',
    noDataExpression: true,
    default: 'allSessions',
    options: [
      { name: 'All Sessions', value: 'allSessions' },
      { name: 'One Session', value: 'oneSession' },
    ],
    displayOptions: show('getAll'),
  },
  { ...sessionLocator, displayOptions: { show: { ...show('getAll').show, of: ['oneSession'] } } },
  {
    displayName: 'Event ID',
    name: 'eventId',
    type: 'string',
    required: true,
    default: '',
    hint: 'The "eventId" that a trigger or "Get Many Deliveries" gave',
    displayOptions: show('getDelivery'),
  },
  {
    displayName: 'Event ID',
    name: 'eventId',
    type: 'string',
    default: '',
    hint: 'Empty for everything that was given up',
    displayOptions: show('redrive'),
  },
  {
    displayName: 'Last Events',
    name: 'last',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 1,
    description: 'How many of the last seven days to deliver again',
    displayOptions: show('replay'),
  },
  ...getManyDeliveriesProperties(show('getDeliveries').show),
];

export const webhookOperations: Record<string, Operation> = {
  ...callOperations({
    delete: { method: 'DELETE', path: ofWebhook() },
    getAll: {
      ...{ method: 'GET', path: () => ['webhooks'], each: 'webhooks' },
      query: (context, itemIndex) =>
        textOf(context, itemIndex, 'of') === 'oneSession' ? { sessionId: sessionIdOf(context, itemIndex) } : {},
    },
    getDelivery: {
      method: 'GET',
      path: (context, itemIndex) => ofWebhook('deliveries', textOf(context, itemIndex, 'eventId'))(context, itemIndex),
    },
    pause: { method: 'PATCH', path: ofWebhook(), body: () => ({ paused: true }) },
    ping: { method: 'POST', path: ofWebhook('ping') },
    redrive: {
      method: 'POST',
      path(context, itemIndex) {
        const eventId = textOf(context, itemIndex, 'eventId');
        return ofWebhook(...(eventId === '' ? [] : ['deliveries', eventId]), 'redrive')(context, itemIndex);
      },
    },
    resume: { method: 'PATCH', path: ofWebhook(), body: () => ({ paused: false }) },
    replay: {
      ...{ method: 'POST', path: ofWebhook('replay') },
      body: (context, itemIndex) => given({ last: numberOf(context, itemIndex, 'last') }),
    },
  }),
  getDeliveries: getManyDeliveries,
};
