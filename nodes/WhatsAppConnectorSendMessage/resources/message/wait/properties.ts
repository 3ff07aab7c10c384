import type { INodeProperties } from 'n8n-workflow';
import { callbackBaseUrl } from '../../../../shared/callback-url';
import { propertiesOfType } from '../content';
import { optionsWith } from '../how';

const show = { resource: ['message'], operation: ['sendAndWait'] };
const showFor = (...responseType: string[]) => ({ ...show, responseType });

export const UNITS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 };

export const waitProperties: INodeProperties[] = [
  {
    displayName: 'Response Type',
    name: 'responseType',
    type: 'options',
    noDataExpression: true,
    default: 'reply',
    options: [
      { name: 'Approval', value: 'approval', description: 'A poll with two answers; typing one of them counts too' },
      { name: 'Poll Vote', value: 'vote', description: 'A poll, until somebody votes' },
      { name: 'Quoted Reply', value: 'quotedReply', description: 'A text, until a message answers it by quoting it' },
      { name: 'Reply', value: 'reply', description: 'A text, until the next message in the chat' },
    ],
    displayOptions: { show },
  },
  ...propertiesOfType('text', showFor('reply', 'quotedReply')),
  ...propertiesOfType('poll', showFor('vote')),
  {
    displayName: 'Question',
    name: 'question',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. May we ship order 1234?',
    displayOptions: { show: showFor('approval') },
  },
  {
    displayName: 'Answer to Approve',
    name: 'approveLabel',
    type: 'string',
    required: true,
    default: 'Yes',
    displayOptions: { show: showFor('approval') },
  },
  {
    displayName: 'Answer to Decline',
    name: 'declineLabel',
    type: 'string',
    required: true,
    default: 'No',
    displayOptions: { show: showFor('approval') },
  },
  {
    displayName: 'Wait at Most',
    name: 'waitAmount',
    type: 'number',
    typeOptions: { minValue: 1 },
    required: true,
    default: 1,
    description: 'After this the workflow goes on by the branch "No Reply"',
    displayOptions: { show },
  },
  {
    displayName: 'Unit',
    name: 'waitUnit',
    type: 'options',
    default: 'days',
    options: [
      { name: 'Days', value: 'days' },
      { name: 'Hours', value: 'hours' },
      { name: 'Minutes', value: 'minutes' },
      { name: 'Seconds', value: 'seconds' },
    ],
    displayOptions: { show },
  },
  optionsWith([callbackBaseUrl], show, ['sendAt', 'timeout', 'waitFor']),
];

/** The branches, as n8n needs them: when a wait ends by the clock, the item takes the first. */
export const outputs =
  '={{ $parameter.operation !== "sendAndWait" ? ["main"] : [{ type: "main", displayName: "No Reply" }, ...($parameter.responseType === "approval" ? [{ type: "main", displayName: "Approved" }, { type: "main", displayName: "Declined" }] : [{ type: "main", displayName: "Reply" }])] }}';
