import type { IDataObject, IExecuteFunctions, IHttpRequestMethods } from 'n8n-workflow';
import { callApi, pathTo } from './api';
import type { Operation } from './operations';

type Read<What> = (context: IExecuteFunctions, itemIndex: number) => What;

/** An operation that is one request: what it asks is read from an item's parameters. */
export interface Call {
  method: IHttpRequestMethods;
  path: Read<string[]>;
  query?: Read<IDataObject>;
  body?: Read<IDataObject>;
  /** The answer is a list under this name and makes an item of each; without it the answer is the item. */
  each?: string;
}

export const callOperation = ({ method, path, query, body, each }: Call): Operation =>
  async function (this: IExecuteFunctions, itemIndex: number) {
    const answer = await callApi<IDataObject>(this, {
      ...{ method, path: pathTo(...path(this, itemIndex)), itemIndex },
      ...(query && { query: query(this, itemIndex) }),
      ...(body && { body: body(this, itemIndex) }),
    });
    return each === undefined ? [{ json: answer }] : (answer[each] as IDataObject[]).map((json) => ({ json }));
  };

export const callOperations = (calls: Record<string, Call>): Record<string, Operation> =>
  Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, callOperation(call)]));
