import {
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchResult,
  type INodeProperties,
} from 'n8n-workflow';
import { callApi, pathTo } from './api';

/** As many as a list shows before one scrolls or searches. */
const PAGE = 50;

interface ChatPage {
  chats: { jid: string; kind: 'person' | 'group'; name: string | null; phone: string | null }[];
  nextCursor: string | null;
}

async function search(context: ILoadOptionsFunctions, query: IDataObject): Promise<INodeListSearchResult> {
  const sessionId = context.getCurrentNodeParameter('session', { extractValue: true }) as unknown;
  if (typeof sessionId !== 'string' || sessionId === '' || sessionId.startsWith('=')) {
    throw new NodeOperationError(context.getNode(), 'Choose the session first', {
      description: 'The list shows the chats of one account, so the session cannot be an expression here.',
    });
  }
  const path = pathTo('sessions', sessionId, 'chats');
  const page = await callApi<ChatPage>(context, { method: 'GET', path, query: { ...query, limit: PAGE } });
  const results = page.chats.map(({ jid, kind, name, phone }) => ({
    name: [name, phone].filter(Boolean).join(' ') + (kind === 'group' ? ' (group)' : ''),
    value: jid,
  }));
  return { results, ...(page.nextCursor !== null && { paginationToken: page.nextCursor }) };
}

const asked = (filter: string | undefined, cursor: string | undefined): IDataObject => ({
  ...(filter && { search: filter }),
  ...(cursor && { cursor }),
});

/** People the session has met and groups it is in, the one active last first. */
export async function searchChats(
  this: ILoadOptionsFunctions,
  filter?: string,
  cursor?: string,
): Promise<INodeListSearchResult> {
  return await search(this, asked(filter, cursor));
}

export async function searchGroups(
  this: ILoadOptionsFunctions,
  filter?: string,
  cursor?: string,
): Promise<INodeListSearchResult> {
  return await search(this, { ...asked(filter, cursor), kind: 'group' });
}

/** Picks one group of the session. */
export const groupLocator: INodeProperties = {
  displayName: 'Group',
  name: 'group',
  type: 'resourceLocator',
  default: { mode: 'list', value: '' },
  required: true,
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a group...',
      typeOptions: { searchListMethod: 'searchGroups', searchable: true },
    },
    { displayName: 'Address', name: 'address', type: 'string', placeholder: 'e.g. 120363000000000001@g.us' },
  ],
};

export function groupOf(context: IExecuteFunctions, itemIndex: number): string {
  const value = context.getNodeParameter('group', itemIndex, '', { extractValue: true }) as unknown;
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw new NodeOperationError(context.getNode(), 'No group is chosen', {
    description: 'Choose one from the list, or use "jid" of the "chat" the trigger gave.',
    itemIndex,
  });
}
