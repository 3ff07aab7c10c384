import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { searchChats } from '../shared/chat-locator';
import { runOperations } from '../shared/operations';
import { searchSessions } from '../shared/session-locator';
import { bulkOperations, bulkProperties } from './resources/bulk/bulk';
import { messageOperations, messageProperties } from './resources/message/message';
import { outputs } from './resources/message/wait/properties';
import { resume, resumeWebhooks } from './resources/message/wait/resume';

export class WhatsAppConnectorSendMessage implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WhatsApp Connector Send Message',
    name: 'whatsAppConnectorSendMessage',
    icon: { light: 'file:../../icons/whatsapp-connector.svg', dark: 'file:../../icons/whatsapp-connector.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
    description: 'Sends WhatsApp messages from a linked account, paced as a person would',
    defaults: { name: 'WhatsApp Connector Send Message' },
    inputs: [NodeConnectionTypes.Main],
    outputs,
    usableAsTool: true,
    credentials: [{ name: 'whatsAppConnectorApi', required: true }],
    waitingNodeTooltip: 'The workflow goes on when there is a response on WhatsApp, or when time is up.',
    webhooks: resumeWebhooks,
    properties: [
      {
        displayName: 'Resource',
        name: 'resource',
        type: 'options',
        noDataExpression: true,
        default: 'message',
        options: [
          { name: 'Bulk', value: 'bulk' },
          { name: 'Message', value: 'message' },
        ],
      },
      ...bulkProperties,
      ...messageProperties,
    ],
  };

  methods = { listSearch: { searchChats, searchSessions } };

  webhook = resume;

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await runOperations(this, { bulk: bulkOperations, message: messageOperations });
  }
}
