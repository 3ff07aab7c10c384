import type { IDataObject, IExecuteFunctions, IHttpRequestMethods, INodeProperties } from 'n8n-workflow';
import { callApi, pathTo } from '../../../shared/api';
import type { Operation } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';

interface Call {
  method: IHttpRequestMethods;
  /** Below the session. */
  path?: string;
  read?: (context: IExecuteFunctions, itemIndex: number) => { query?: IDataObject; body?: IDataObject };
}

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
  {
    displayName: 'Wait at Most (Seconds)',
    name: 'timeout',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: 120 },
    default: 60,
    description: 'When time is up the node goes on, with "reached" false',
    displayOptions: show('wait'),
  },
  {
    displayName: 'Keep Linked',
    name: 'keepLinked',
    type: 'boolean',
    default: false,
    description: 'Whether to leave the device in the list of the phone, when WhatsApp cannot be reached for example',
    displayOptions: show('delete'),
  },
];

const CALLS: Record<string, Call> = {
  delete: {
    method: 'DELETE',
    read: (context, itemIndex) => ({
      query: { logout: context.getNodeParameter('keepLinked', itemIndex, false) !== true },
    }),
  },
  disconnect: { method: 'POST', path: 'disconnect' },
  get: { method: 'GET' },
  getLimits: { method: 'GET', path: 'limits' },
  getPairingCode: {
    method: 'POST',
    path: 'pairing-code',
    read: (context, itemIndex) => ({ body: { phone: String(context.getNodeParameter('phone', itemIndex)).trim() } }),
  },
  getStatus: { method: 'GET', path: 'status' },
  logOut: { method: 'POST', path: 'logout' },
  reconnect: { method: 'POST', path: 'reconnect' },
  wait: {
    method: 'GET',
    path: 'wait',
    read: (context, itemIndex) => ({
      query: {
        status: (context.getNodeParameter('statuses', itemIndex) as string[]).join(','),
        timeout: context.getNodeParameter('timeout', itemIndex, 60) as number,
      },
    }),
  },
};

/** Operations that are one call each, with the session's answer as the item. */
export const sessionCalls: Record<string, Operation> = Object.fromEntries(
  Object.entries(CALLS).map(([name, { method, path, read }]): [string, Operation] => [
    name,
    async function (this: IExecuteFunctions, itemIndex: number) {
      const parts = ['sessions', sessionIdOf(this, itemIndex), ...(path === undefined ? [] : [path])];
      const given = read?.(this, itemIndex) ?? {};
      return [{ json: await callApi<IDataObject>(this, { method, path: pathTo(...parts), ...given, itemIndex }) }];
    },
  ]),
);
