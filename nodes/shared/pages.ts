import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callApi } from './api';

const PAGE = 100;

/** How many of a list are wanted. */
export const limitProperties = (show: Record<string, string[]>): INodeProperties[] => [
  {
    displayName: 'Return All',
    name: 'returnAll',
    type: 'boolean',
    default: false,
    description: 'Whether to return all results or only up to a given limit',
    displayOptions: { show },
  },
  {
    displayName: 'Limit',
    name: 'limit',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 50,
    description: 'Max number of results to return',
    displayOptions: { show: { ...show, returnAll: [false] } },
  },
];

/** A list of the runtime, page by page, as far as it is wanted. `name` is the list's name in the answer. */
export async function listed<Item extends IDataObject>(
  context: IExecuteFunctions,
  itemIndex: number,
  { path, name, query = {} }: { path: string; name: string; query?: IDataObject },
): Promise<Item[]> {
  const all = context.getNodeParameter('returnAll', itemIndex, false) as boolean;
  const wanted = all ? Infinity : (context.getNodeParameter('limit', itemIndex, 50) as number);
  const found: Item[] = [];
  let cursor: string | null = null;
  do {
    const limit = Math.min(PAGE, wanted - found.length);
    const page: Record<string, unknown> = await callApi(context, {
      ...{ method: 'GET', path, query: { ...query, limit, ...(cursor && { cursor }) }, itemIndex },
    });
    found.push(...(page[name] as Item[]));
    cursor = page.nextCursor as string | null;
  } while (cursor !== null && found.length < wanted);
  return found;
}
