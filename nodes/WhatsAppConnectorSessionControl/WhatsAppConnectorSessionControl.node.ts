import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { searchChats, searchGroups } from '../shared/chat-locator';
import { runOperations, type Operations } from '../shared/operations';
import { searchSessions, sessionLocator } from '../shared/session-locator';
import { chatOperations, chatProperties } from './resources/chat/chat';
import { contactOperations, contactProperties } from './resources/contact/contact';
import { groupOperations, groupProperties } from './resources/group/group';
import { optOutOperations, optOutProperties } from './resources/opt-out/opt-out';
import { proxyOperations, proxyProperties } from './resources/proxy/proxy';
import { runtimeOperations, runtimeProperties } from './resources/runtime/runtime';
import { sessionOperations, sessionProperties } from './resources/session/session';
import { searchWebhooks } from './resources/webhook/locator';
import { webhookOperations, webhookProperties } from './resources/webhook/webhook';

const OPERATIONS: Operations = {
  chat: chatOperations,
  contact: contactOperations,
  group: groupOperations,
  optOut: optOutOperations,
  proxy: proxyOperations,
  runtime: runtimeOperations,
  session: sessionOperations,
  webhook: webhookOperations,
};

/** The account that what is not a session belongs to. */
const sessionOfOthers: INodeProperties[] = [
  { ...sessionLocator, displayOptions: { show: { resource: ['chat', 'contact', 'group', 'optOut'] } } },
  { ...sessionLocator, displayOptions: { show: { resource: ['proxy'], operation: ['choose'] } } },
];

export class WhatsAppConnectorSessionControl implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WhatsApp Connector Session Control',
    name: 'whatsAppConnectorSessionControl',
    icon: { light: 'file:../../icons/whatsapp-connector.svg', dark: 'file:../../icons/whatsapp-connector.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
    description: 'Links WhatsApp accounts, watches over them and checks phone numbers',
    defaults: { name: 'WhatsApp Connector Session Control' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'whatsAppConnectorApi', required: true }],
    properties: [
      {
        displayName: 'Resource',
        name: 'resource',
        type: 'options',
        noDataExpression: true,
        default: 'session',
        options: [
          { name: 'Chat', value: 'chat' },
          { name: 'Contact', value: 'contact' },
          { name: 'Group', value: 'group' },
          { name: 'Opt-Out', value: 'optOut' },
          { name: 'Proxy', value: 'proxy' },
          { name: 'Runtime', value: 'runtime' },
          { name: 'Session', value: 'session' },
          { name: 'Webhook', value: 'webhook' },
        ],
      },
      ...sessionOfOthers,
      ...chatProperties,
      ...contactProperties,
      ...groupProperties,
      ...optOutProperties,
      ...proxyProperties,
      ...runtimeProperties,
      ...sessionProperties,
      ...webhookProperties,
    ],
  };

  methods = { listSearch: { searchChats, searchGroups, searchSessions, searchWebhooks } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await runOperations(this, OPERATIONS);
  }
}
