import type { INodeProperties } from 'n8n-workflow';
import type { Operation } from '../../../shared/operations';
import { sessionLocator } from '../../../shared/session-locator';
import { callProperties, sessionCalls } from './calls';
import { createProperties, createSession } from './create';
import { getManyProperties, getManySessions } from './get-many';
import { getQrCode, getQrCodeProperties } from './get-qr-code';
import { linkProperties, linkSession } from './link';
import { updateProperties, updateSession } from './update';

export const sessionOperations: Record<string, Operation> = {
  ...sessionCalls,
  create: createSession,
  getAll: getManySessions,
  getQrCode,
  link: linkSession,
  update: updateSession,
};

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
        name: 'Disconnect',
        value: 'disconnect',
        action: 'Disconnect session',
        description: 'Go offline and stay linked; messages wait until it is reconnected',
      },
      {
        name: 'Get',
        value: 'get',
        action: 'Get session',
        description: 'Retrieve everything known about one account',
      },
      {
        name: 'Get Health',
        value: 'getHealth',
        action: 'Get health of session',
        description: 'Find out whether the account works, mends itself or needs somebody, and what it sent in a day',
      },
      {
        name: 'Get Limits',
        value: 'getLimits',
        action: 'Get limits of session',
        description: 'Find out how much may still be sent, and why messages wait',
      },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many sessions',
        description: 'Retrieve the accounts of the runtime',
      },
      {
        name: 'Get Pairing Code',
        value: 'getPairingCode',
        action: 'Get pairing code',
        description: 'Retrieve a code to type on the phone instead of scanning',
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
      {
        name: 'Link',
        value: 'link',
        action: 'Link session',
        description: 'Give the QR code as an image, or wait until a code that was shown is scanned, expired or refused',
      },
      {
        name: 'Log Out',
        value: 'logOut',
        action: 'Log out session',
        description: 'Unlink the account and keep its settings, to link it again later',
      },
      {
        name: 'Reconnect',
        value: 'reconnect',
        action: 'Reconnect session',
        description: 'Connect again now, after a disconnect or when it has given up',
      },
      {
        name: 'Update',
        value: 'update',
        action: 'Update settings of session',
        description: 'Change the daily limit, the quiet hours, the pace and the words by which people opt out',
      },
      {
        name: 'Wait for Status',
        value: 'wait',
        action: 'Wait for status of session',
        description: 'Wait until the account is linked and connected, or has another status',
      },
    ],
  },
  {
    ...sessionLocator,
    displayOptions: { show: { resource: ['session'] }, hide: { operation: ['create', 'getAll'] } },
  },
  ...callProperties,
  ...createProperties,
  ...getManyProperties,
  ...getQrCodeProperties,
  ...linkProperties,
  ...updateProperties,
];
