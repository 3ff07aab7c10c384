import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { callApi } from '../../../shared/api';
import type { Operation } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';

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
    ],
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

/** One item for each number: whether it has WhatsApp, and its address there. */
async function check(this: IExecuteFunctions, itemIndex: number) {
  const phones = String(this.getNodeParameter('phones', itemIndex))
    .split(/[,\n]/)
    .map((phone) => phone.trim())
    .filter(Boolean);
  if (phones.length === 0) {
    throw new NodeOperationError(this.getNode(), 'There is no phone number to check', {
      description: 'Enter one or more with their country codes, separated by commas.',
      itemIndex,
    });
  }
  const { numbers } = await callApi<{ numbers: IDataObject[] }>(this, {
    ...{
      method: 'POST',
      path: '/contacts/check',
      body: { sessionId: sessionIdOf(this, itemIndex), phones },
      itemIndex,
    },
  });
  return numbers.map((json) => ({ json }));
}

export const contactOperations: Record<string, Operation> = { check };
