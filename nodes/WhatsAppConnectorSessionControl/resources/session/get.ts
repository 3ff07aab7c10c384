import type { IExecuteFunctions } from 'n8n-workflow';
import { callApi, pathTo, type Session } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';

export async function getSession(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const path = pathTo('sessions', sessionIdOf(this, itemIndex));
  return [{ json: await callApi<Session>(this, { method: 'GET', path, itemIndex }) }];
}
