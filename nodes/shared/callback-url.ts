import { NodeOperationError, type IExecuteFunctions, type IHookFunctions, type INodeProperties } from 'n8n-workflow';

export const callbackBaseUrl: INodeProperties = {
  displayName: 'Callback Base URL',
  name: 'callbackBaseUrl',
  type: 'string',
  default: '',
  placeholder: 'e.g. http://n8n:5678',
  description:
    'Where the connector runtime reaches n8n, if that is not the address n8n shows in its webhook URLs, such as between containers',
};

/** One of n8n's own URLs, on another host when the runtime reaches n8n by a name of its own. */
export function reachable(context: IHookFunctions | IExecuteFunctions, url: string, base: unknown): string {
  const given = String(base ?? '').trim();
  if (given === '') return url;
  const path = /^https?:\/\/[^/]+(\/.*)$/i.exec(url)?.[1];
  if (path && /^https?:\/\/[^/]/i.test(given)) return given.replace(/(?<!\/)\/+$/, '') + path;
  throw new NodeOperationError(context.getNode(), `The Callback Base URL "${given}" is not a web address`, {
    description: 'Write it in full, such as http://n8n:5678.',
  });
}
