import type { IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callApi, type Session } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';

const displayOptions: IDisplayOptions = { show: { resource: ['session'], operation: ['getAll'] } };

export const getManyProperties: INodeProperties[] = [
  {
    displayName: 'Return All',
    name: 'returnAll',
    type: 'boolean',
    default: false,
    description: 'Whether to return all results or only up to a given limit',
    displayOptions,
  },
  {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 50,
    description: 'Max number of results to return',
    displayOptions: { show: { ...displayOptions.show, returnAll: [false] } },
  },
];

export async function getManySessions(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const { sessions } = await callApi<{ sessions: Session[] }>(this, { method: 'GET', path: '/sessions', itemIndex });
  const all = this.getNodeParameter('returnAll', itemIndex, false) as boolean;
  const wanted = all ? sessions : sessions.slice(0, this.getNodeParameter('limit', itemIndex, 50) as number);
  return wanted.map((json) => ({ json }));
}
