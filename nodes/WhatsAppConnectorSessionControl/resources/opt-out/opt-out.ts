import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callOperations } from '../../../shared/calls';
import { textOf } from '../../../shared/parameters';
import { ofSession } from '../../../shared/session-locator';

const show = (...operation: string[]) => ({ show: { resource: ['optOut'], operation } });

export const optOutProperties: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['optOut'] } },
    default: 'check',
    options: [
      {
        name: 'Add',
        value: 'add',
        action: 'Opt contact out',
        description: 'Note that somebody is not to be written to; what waits for them is not sent',
      },
      {
        name: 'Check',
        value: 'check',
        action: 'Check opt out of contact',
        description: 'Find out whether somebody is not to be written to, before writing to them',
      },
      {
        name: 'Get Many',
        value: 'getAll',
        action: 'Get many opt outs',
        description: 'List everybody who is not to be written to, and how that is known',
      },
      {
        name: 'Remove',
        value: 'remove',
        action: 'Remove opt out of contact',
        description: 'Note that somebody may be written to again',
      },
    ],
  },
  {
    displayName: 'Contact',
    name: 'contact',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. +1 555 010 0000',
    hint: 'A phone number with its country code, or an address as the trigger gives it in "jid"',
    displayOptions: show('add', 'check', 'remove'),
  },
  {
    displayName: 'How It Is Known',
    name: 'basis',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. asked by phone',
    description: 'Kept with the opt-out and its time, for when somebody asks',
    displayOptions: show('add'),
  },
];

const ofContact = (context: IExecuteFunctions, itemIndex: number) =>
  ofSession('opt-outs', textOf(context, itemIndex, 'contact'))(context, itemIndex);

export const optOutOperations = callOperations({
  add: {
    method: 'PUT',
    path: ofContact,
    body: (context, itemIndex) => ({ basis: textOf(context, itemIndex, 'basis') }),
  },
  check: { method: 'GET', path: ofContact },
  getAll: { method: 'GET', path: ofSession('opt-outs'), each: 'optOuts' },
  remove: { method: 'DELETE', path: ofContact },
});
