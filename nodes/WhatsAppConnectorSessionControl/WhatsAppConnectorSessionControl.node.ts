import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { runOperations } from '../shared/operations';
import { searchSessions } from '../shared/session-locator';
import { contactOperations, contactProperties } from './resources/contact/contact';
import { sessionOperations, sessionProperties } from './resources/session/session';

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
          { name: 'Contact', value: 'contact' },
          { name: 'Session', value: 'session' },
        ],
      },
      ...contactProperties,
      ...sessionProperties,
    ],
  };

  methods = { listSearch: { searchSessions } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await runOperations(this, { contact: contactOperations, session: sessionOperations });
  }
}
