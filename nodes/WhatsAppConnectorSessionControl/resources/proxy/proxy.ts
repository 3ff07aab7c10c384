import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import { given, textOf } from '../../../shared/parameters';
import { ofSession } from '../../../shared/session-locator';

const show = (...operation: string[]) => ({ show: { resource: ['proxy'], operation } });

export const proxyUrl = (displayOptions: INodeProperties['displayOptions']): INodeProperties => ({
  displayName: 'Proxy URL',
  name: 'proxyUrl',
  type: 'string',
  typeOptions: { password: true },
  required: true,
  default: '',
  placeholder: 'e.g. socks5://user:password@proxy.example.com:1080',
  displayOptions,
});

const addingOptions: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add option',
  default: {},
  displayOptions: show('create'),
  options: [
    { displayName: 'Label', name: 'label', type: 'string', default: '', description: 'Your own name for it' },
    {
      displayName: 'Max Sessions',
      name: 'maxSessions',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 1,
      description: 'How many accounts may use it; any number when left out',
    },
    {
      displayName: 'Region',
      name: 'region',
      type: 'string',
      default: '',
      placeholder: 'e.g. de',
      description: 'A word of your choice, for sessions that ask for a proxy of a region',
    },
    {
      displayName: 'Weight',
      name: 'weight',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 1,
      description: 'Its share of the accounts, beside the others',
    },
  ],
};

export const proxyProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['proxy'] } },
    default: 'getAll',
    options: [
      {
        name: 'Choose for Session',
        value: 'choose',
        action: 'Choose proxy for session',
        description: 'Decide which proxy an account uses; it connects again through it',
      },
      { name: 'Create', value: 'create', action: 'Create proxy', description: 'Add a proxy to the pool' },
      {
        name: 'Delete',
        value: 'delete',
        action: 'Delete proxy',
        description: 'Remove a proxy from the pool; its accounts get another or wait',
      },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many proxies',
        description: 'List the proxies of the pool and how each of them does',
      },
      { name: 'Test', value: 'test', action: 'Test proxy', description: 'Try out a proxy as far as WhatsApp' },
    ],
  },
  proxyUrl(show('create')),
  {
    displayName: 'Proxy ID',
    name: 'proxyId',
    type: 'string',
    required: true,
    default: '',
    hint: 'The "proxyId" that "Get Many" gave',
    displayOptions: show('delete', 'test'),
  },
  {
    displayName: 'Use',
    name: 'mode',
    type: 'options',
    default: 'pool',
    options: [
      { name: 'A Proxy of Its Own', value: 'own' },
      { name: 'No Proxy', value: 'none' },
      { name: 'One of the Pool', value: 'pool' },
      { name: "The Runtime's Default", value: 'default' },
    ],
    displayOptions: show('choose'),
  },
  proxyUrl({ show: { ...show('choose').show, mode: ['own'] } }),
  {
    displayName: 'Region',
    name: 'region',
    type: 'string',
    default: '',
    hint: 'Any region when left empty',
    displayOptions: { show: { ...show('choose').show, mode: ['pool'] } },
  },
  addingOptions,
];

export const proxyOperations = callOperations({
  choose: {
    method: 'PUT',
    path: ofSession('proxy'),
    body(context, itemIndex) {
      const mode = textOf(context, itemIndex, 'mode');
      if (mode === 'own') return { mode, url: textOf(context, itemIndex, 'proxyUrl') };
      return { mode, ...(mode === 'pool' && given({ region: textOf(context, itemIndex, 'region') })) };
    },
  },
  create: {
    method: 'POST',
    path: () => ['proxies'],
    body: (context, itemIndex) => ({
      url: textOf(context, itemIndex, 'proxyUrl'),
      ...given(context.getNodeParameter('options', itemIndex, {}) as IDataObject),
    }),
  },
  delete: { method: 'DELETE', path: (context, itemIndex) => ['proxies', textOf(context, itemIndex, 'proxyId')] },
  getAll: { method: 'GET', path: () => ['proxies'], each: 'proxies' },
  test: { method: 'POST', path: (context, itemIndex) => ['proxies', textOf(context, itemIndex, 'proxyId'), 'test'] },
});
