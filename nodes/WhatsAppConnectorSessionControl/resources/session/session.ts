import type { INodeProperties } from 'n8n-workflow';
import { sessionLocator } from '../../../shared/session-locator';
import { createProperties } from './create';
import { getManyProperties } from './get-many';
import { getQrCodeProperties } from './get-qr-code';

export const sessionProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['session'] } },
    default: 'getStatus',
    options: [
      {
        name: 'Create',
        value: 'create',
        action: 'Create session',
        description: 'Make a place for a WhatsApp account, to be linked by its QR code',
      },
      {
        name: 'Delete',
        value: 'delete',
        action: 'Delete session',
        description: 'Unlink the account and forget everything about it; its keys cannot be brought back',
      },
      {
        name: 'Get',
        value: 'get',
        action: 'Get session',
        description: 'Retrieve everything known about one account',
      },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many sessions',
        description: 'Retrieve the accounts of the runtime',
      },
      {
        name: 'Get QR Code',
        value: 'getQrCode',
        action: 'Get QR code',
        description: 'Retrieve the code to scan with the phone, as an image',
      },
      {
        name: 'Get Status',
        value: 'getStatus',
        action: 'Get status of session',
        description: 'Retrieve whether the account is connected, and what to do if it is not',
      },
    ],
  },
  {
    ...sessionLocator,
    displayOptions: { show: { resource: ['session'], operation: ['delete', 'get', 'getQrCode', 'getStatus'] } },
  },
  ...createProperties,
  ...getManyProperties,
  ...getQrCodeProperties,
];
