import type { INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';

export const runtimeProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['runtime'] } },
    default: 'getHealth',
    options: [
      {
        name: 'Get Health',
        value: 'getHealth',
        action: 'Get health of runtime',
        description: 'Find out whether the connector runtime answers, and in which version',
      },
      {
        name: 'Get Protocol Report',
        value: 'getProtocolReport',
        action: 'Get protocol report',
        description: 'Find out whether WhatsApp has begun to answer in ways this version does not know',
      },
    ],
  },
];

export const runtimeOperations = callOperations({
  getHealth: { method: 'GET', path: () => ['health'] },
  getProtocolReport: { method: 'GET', path: () => ['protocol', 'report'] },
});
