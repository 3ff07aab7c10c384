import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';

/**
 * A person by number, a chat of the list, or whoever an event has named. Nodes using it must offer `searchChats` under
 * `methods.listSearch`.
 */
export const recipient: INodeProperties = {
  displayName: 'To',
  name: 'to',
  type: 'resourceLocator',
  default: { mode: 'phone', value: '' },
  required: true,
  description: 'The person or group. To answer a message, choose "Address" and drag "jid" of its "chat" here.',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a chat...',
      typeOptions: { searchListMethod: 'searchChats', searchable: true },
    },
    {
      displayName: 'Phone',
      name: 'phone',
      type: 'string',
      placeholder: 'e.g. +1 555 010 0000',
      hint: 'With the country code',
    },
    {
      displayName: 'Address',
      name: 'address',
      type: 'string',
      placeholder: 'e.g. 15550100000@s.whatsapp.net',
      hint: 'As the trigger gives it in "jid": people, hidden numbers and groups',
    },
  ],
};

/** The chosen recipient for one item. */
export function recipientOf(context: IExecuteFunctions, itemIndex: number): string {
  const value = context.getNodeParameter('to', itemIndex, '', { extractValue: true }) as unknown;
  const to = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (to !== '') return to;
  throw new NodeOperationError(context.getNode(), 'Nobody is chosen to send to', {
    description: 'Enter a phone number with its country code, or use "jid" of the "chat" the trigger gave.',
    itemIndex,
  });
}
