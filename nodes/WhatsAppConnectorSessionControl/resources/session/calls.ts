import type { INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import { isOn, numberOf, textOf, waitAtMost } from '../../../shared/parameters';
import { ofSession } from '../../../shared/session-locator';

const show = (...operation: string[]) => ({ show: { resource: ['session'], operation } });

/** Parameters of the operations that are one call each. */
export const callProperties: INodeProperties[] = [
  {
    displayName: "Account's Phone Number",
    name: 'phone',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. +1 555 010 0000',
    hint: 'With the country code. The code is typed on this phone: Linked devices, Link a device, Link with phone number.',
    displayOptions: show('getPairingCode'),
  },
  {
    displayName: 'Statuses',
    name: 'statuses',
    type: 'multiOptions',
    default: ['connected', 'failed', 'logged_out', 'banned'],
    options: [
      { name: 'Banned', value: 'banned' },
      { name: 'Connected', value: 'connected' },
      { name: 'Disconnected', value: 'disconnected' },
      { name: 'Failed', value: 'failed' },
      { name: 'Logged Out', value: 'logged_out' },
      { name: 'Pairing', value: 'pairing' },
      { name: 'QR', value: 'qr' },
      { name: 'Reconnecting', value: 'reconnecting' },
      { name: 'Replaced', value: 'replaced' },
    ],
    description: 'Which to wait for: the first one reached ends the waiting',
    displayOptions: show('wait'),
  },
  waitAtMost(show('wait')),
  {
    displayName: 'Keep Linked',
    name: 'keepLinked',
    type: 'boolean',
    default: false,
    description: 'Whether to leave the device in the list of the phone, when WhatsApp cannot be reached for example',
    displayOptions: show('delete'),
  },
];

/** Operations that are one call each. */
export const sessionCalls = callOperations({
  delete: {
    method: 'DELETE',
    path: ofSession(),
    query: (context, itemIndex) => ({ logout: !isOn(context, itemIndex, 'keepLinked') }),
  },
  disconnect: { method: 'POST', path: ofSession('disconnect') },
  get: { method: 'GET', path: ofSession() },
  getHealth: { method: 'GET', path: ofSession('health') },
  getLimits: { method: 'GET', path: ofSession('limits') },
  getPairingCode: {
    method: 'POST',
    path: ofSession('pairing-code'),
    body: (context, itemIndex) => ({ phone: textOf(context, itemIndex, 'phone') }),
  },
  getStatus: { method: 'GET', path: ofSession('status') },
  logOut: { method: 'POST', path: ofSession('logout') },
  reconnect: { method: 'POST', path: ofSession('reconnect') },
  wait: {
    method: 'GET',
    path: ofSession('wait'),
    query: (context, itemIndex) => ({
      status: (context.getNodeParameter('statuses', itemIndex) as string[]).join(','),
      timeout: numberOf(context, itemIndex, 'timeout'),
    }),
  },
});
