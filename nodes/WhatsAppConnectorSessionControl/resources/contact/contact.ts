import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import { severalIn } from '../../../shared/parameters';
import { recipient, recipientOf } from '../../../shared/recipient';
import { ofSession, sessionIdOf } from '../../../shared/session-locator';

const displayOptions = { show: { resource: ['contact'] } };

export const contactProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions,
    default: 'check',
    options: [
      {
        name: 'Check Numbers',
        value: 'check',
        action: 'Check numbers of contacts',
        description: 'Find out which phone numbers have WhatsApp, before writing to them',
      },
      {
        name: 'Get',
        value: 'get',
        action: 'Get contact',
        description: 'Retrieve somebody the account has met: number, hidden ID, address and name',
      },
      {
        name: 'Get About',
        value: 'getAbout',
        action: 'Get about text of contact',
        description: 'Retrieve what somebody says about themselves',
      },
    ],
  },
  {
    ...recipient,
    displayName: 'Contact',
    displayOptions: { show: { ...displayOptions.show, operation: ['get', 'getAbout'] } },
  },
  {
    displayName: 'Phone Numbers',
    name: 'phones',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. +1 555 010 0001, +1 555 010 0002',
    description: 'With country codes, separated by commas or line breaks; at most 100',
    displayOptions: { show: { ...displayOptions.show, operation: ['check'] } },
  },
];

function phonesOf(context: IExecuteFunctions, itemIndex: number): string[] {
  const phones = severalIn(String(context.getNodeParameter('phones', itemIndex)));
  if (phones.length > 0) return phones;
  throw new NodeOperationError(context.getNode(), 'There is no phone number to check', {
    description: 'Enter one or more with their country codes, separated by commas.',
    itemIndex,
  });
}

const ofContact =
  (...rest: string[]) =>
  (context: IExecuteFunctions, itemIndex: number) =>
    ofSession('contacts', recipientOf(context, itemIndex), ...rest)(context, itemIndex);

export const contactOperations = callOperations({
  check: {
    method: 'POST',
    path: () => ['contacts', 'check'],
    body: (context, itemIndex) => ({
      phones: phonesOf(context, itemIndex),
      sessionId: sessionIdOf(context, itemIndex),
    }),
    each: 'numbers',
  },
  get: { method: 'GET', path: ofContact() },
  getAbout: { method: 'GET', path: ofContact('about') },
});
