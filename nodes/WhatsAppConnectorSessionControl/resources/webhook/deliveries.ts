import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { pathTo } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { limitProperties, listed } from '../../../shared/pages';
import { given, textOf } from '../../../shared/parameters';
import { ofWebhook } from './locator';

export const getManyDeliveriesProperties = (show: Record<string, string[]>): INodeProperties[] => [
  {
    displayName: 'State',
    name: 'state',
    type: 'options',
    default: '',
    options: [
      { name: 'Any', value: '' },
      { name: 'Delivered', value: 'done' },
      { name: 'Given Up', value: 'dead' },
      { name: 'Under Way', value: 'active' },
      { name: 'Waiting', value: 'waiting' },
    ],
    displayOptions: { show },
  },
  ...limitProperties(show),
];

export async function getManyDeliveries(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const path = pathTo(...ofWebhook('deliveries')(this, itemIndex));
  const query = given({ state: textOf(this, itemIndex, 'state') });
  const deliveries = await listed(this, itemIndex, { path, name: 'deliveries', query });
  return deliveries.map((json) => ({ json }));
}
