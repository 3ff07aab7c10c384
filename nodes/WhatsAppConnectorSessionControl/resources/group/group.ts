import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import { groupLocator, groupOf } from '../../../shared/chat-locator';
import { ofSession } from '../../../shared/session-locator';

const show = (...operation: string[]) => ({ show: { resource: ['group'], operation } });

export const groupProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['group'] } },
    default: 'getAll',
    options: [
      { name: 'Get', value: 'get', action: 'Get group', description: 'Retrieve a group with its members' },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many groups',
        description: 'List the groups the account is in',
      },
      {
        name: 'Get Members',
        value: 'getMembers',
        action: 'Get members of group',
        description: 'List who is in a group, one item each',
      },
    ],
  },
  { ...groupLocator, displayOptions: show('get', 'getMembers') },
];

const ofGroup =
  (...rest: string[]) =>
  (context: IExecuteFunctions, itemIndex: number) =>
    ofSession('groups', groupOf(context, itemIndex), ...rest)(context, itemIndex);

export const groupOperations = callOperations({
  get: { method: 'GET', path: ofGroup() },
  getAll: { method: 'GET', path: ofSession('groups'), each: 'groups' },
  getMembers: { method: 'GET', path: ofGroup('members'), each: 'members' },
});
