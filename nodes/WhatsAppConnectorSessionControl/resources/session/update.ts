import type { IDataObject, IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callOperation } from '../../../shared/calls';
import { pace } from '../../../shared/pace';
import { severalIn } from '../../../shared/parameters';
import { ofSession } from '../../../shared/session-locator';

const displayOptions: IDisplayOptions = { show: { resource: ['session'], operation: ['update'] } };

const localTime = (displayName: string, name: string, example: string): INodeProperties => ({
  ...{ displayName, name, type: 'string', required: true, default: '', placeholder: `e.g. ${example}` },
});

export const updateProperties: INodeProperties[] = [
  {
    displayName: 'Update Fields',
    name: 'updateFields',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions,
    options: [
      {
        displayName: 'Daily Limit',
        name: 'dailyLimit',
        type: 'number',
        typeOptions: { minValue: 0 },
        default: 0,
        description: "How many messages may be sent in a day; 0 for the runtime's own limit",
      },
      {
        displayName: 'Opt-Out Keywords',
        name: 'optOutKeywords',
        type: 'string',
        default: '',
        placeholder: 'e.g. stop, unsubscribe',
        description: 'Who writes one of these and nothing else is not written to any more; empty for never',
      },
      pace,
      {
        displayName: 'Quiet Hours',
        name: 'quietHours',
        type: 'fixedCollection',
        placeholder: 'Add quiet hours',
        default: {},
        description: 'When only answers are sent; none when left empty',
        options: [
          {
            displayName: 'Hours',
            name: 'hours',
            values: [
              localTime('From', 'from', '21:00'),
              localTime('To', 'to', '08:00'),
              localTime('Time Zone', 'timeZone', 'Europe/Berlin'),
            ],
          },
        ],
      },
    ],
  },
];

/** What was not added stays as it is; what was added and left empty is given back to the runtime. */
function changesOf(context: IExecuteFunctions, itemIndex: number): IDataObject {
  const { dailyLimit, humanization, optOutKeywords, quietHours } = context.getNodeParameter(
    'updateFields',
    itemIndex,
    {},
  ) as IDataObject;
  const keywords = severalIn(String(optOutKeywords ?? ''));
  return {
    ...(dailyLimit !== undefined && { dailyLimit: Number(dailyLimit) || null }),
    ...(humanization !== undefined && { humanization }),
    ...(optOutKeywords !== undefined && { optOutKeywords: keywords.length > 0 ? keywords : null }),
    ...(quietHours !== undefined && { quietHours: (quietHours as IDataObject).hours ?? null }),
  };
}

export const updateSession = callOperation({ method: 'PATCH', path: ofSession('settings'), body: changesOf });
