import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { callApi, pathTo } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';

export async function deleteSession(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const path = pathTo('sessions', sessionIdOf(this, itemIndex));
  return [{ json: await callApi<IDataObject>(this, { method: 'DELETE', path, itemIndex }) }];
}
