import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { runOperations } from '../shared/operations';
import { searchSessions } from '../shared/session-locator';
import { createSession } from './resources/session/create';
import { deleteSession } from './resources/session/delete';
import { getSession } from './resources/session/get';
import { getManySessions } from './resources/session/get-many';
import { getQrCode } from './resources/session/get-qr-code';
import { getStatus } from './resources/session/get-status';
import { sessionProperties } from './resources/session/session';

export class WhatsAppConnectorSessionControl implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WhatsApp Connector Session Control',
    name: 'whatsAppConnectorSessionControl',
    icon: { light: 'file:../../icons/whatsapp-connector.svg', dark: 'file:../../icons/whatsapp-connector.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
    description: 'Links WhatsApp accounts and tells how they are',
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
        options: [{ name: 'Session', value: 'session' }],
      },
      ...sessionProperties,
    ],
  };

  methods = { listSearch: { searchSessions } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await runOperations(this, {
      session: {
        create: createSession,
        delete: deleteSession,
        get: getSession,
        getAll: getManySessions,
        getQrCode,
        getStatus,
      },
    });
  }
}
