import {
  NodeOperationError,
  type IExecuteFunctions,
  type ILoadOptionsFunctions,
  type INodeListSearchItems,
  type INodeListSearchResult,
  type INodeProperties,
} from 'n8n-workflow';
import { callApi, type Session } from './api';

/** Picks one account, from a list or by id. Nodes using it must offer `searchSessions` under `methods.listSearch`. */
export const sessionLocator: INodeProperties = {
  displayName: 'Session',
  name: 'session',
  type: 'resourceLocator',
  default: { mode: 'list', value: '' },
  required: true,
  description: 'The WhatsApp account, as linked with the Session Control node',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a session...',
      typeOptions: { searchListMethod: 'searchSessions', searchable: true },
    },
    {
      displayName: 'By ID',
      name: 'id',
      type: 'string',
      placeholder: 'e.g. sales',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
            errorMessage: 'A session ID has 1 to 64 letters, digits, underscores or hyphens',
          },
        },
      ],
    },
  ],
};

/** The chosen session's id for one item. */
export function sessionIdOf(context: IExecuteFunctions, itemIndex: number): string {
  const value = context.getNodeParameter('session', itemIndex, '', { extractValue: true }) as unknown;
  if (typeof value === 'string' && value !== '') return value;
  throw new NodeOperationError(context.getNode(), 'No session is chosen', {
    description: 'Choose one from the list, or use the sessionId of the item that came from the trigger.',
    itemIndex,
  });
}

/** A path below the session an item names. */
export const ofSession =
  (...rest: string[]) =>
  (context: IExecuteFunctions, itemIndex: number): string[] => ['sessions', sessionIdOf(context, itemIndex), ...rest];

/** What a searchable list shows of all there is: what has the words looked for, by name. */
export function choices(all: INodeListSearchItems[], filter = ''): INodeListSearchResult {
  const wanted = filter.toLowerCase();
  const results = all
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .sort((a, b) => a.name.localeCompare(b.name));
  return { results };
}

/** What the list shows: the person's own name for the account, its number and whether it is connected. */
export async function searchSessions(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
  const { sessions } = await callApi<{ sessions: Session[] }>(this, { method: 'GET', path: '/sessions' });
  return choices(
    sessions.map((session) => ({ name: label(session), value: session.sessionId })),
    filter,
  );
}

function label({ sessionId, phone, pushName, status }: Session): string {
  const account = [pushName, phone].filter(Boolean).join(' ');
  const state = status === 'qr' ? 'waiting for its QR code to be scanned' : status.replace(/_/g, ' ');
  return `${sessionId}${account ? ` · ${account}` : ''} (${state})`;
}
