import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Session } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { limitProperties, listed } from '../../../shared/pages';

export const getManyProperties: INodeProperties[] = limitProperties({ resource: ['session'], operation: ['getAll'] });

export async function getManySessions(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const sessions = await listed<Session>(this, itemIndex, { path: '/sessions', name: 'sessions' });
  return sessions.map((json) => ({ json }));
}
