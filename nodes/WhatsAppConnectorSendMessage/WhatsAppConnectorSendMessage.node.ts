import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { runOperations } from '../shared/operations';
import { searchSessions } from '../shared/session-locator';
import { bulkOperations, bulkProperties } from './resources/bulk/bulk';
import { messageOperations, messageProperties } from './resources/message/message';

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
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'whatsAppConnectorApi', required: true }],
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

  methods = { listSearch: { searchSessions } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await runOperations(this, { bulk: bulkOperations, message: messageOperations });
  }
}
