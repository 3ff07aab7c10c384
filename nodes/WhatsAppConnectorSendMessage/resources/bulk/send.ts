import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { callApi } from '../../../shared/api';
import { keyOf } from '../../../shared/idempotency-key';
import type { OperationResult } from '../../../shared/operations';
import { pace } from '../../../shared/pace';
import { given } from '../../../shared/parameters';
import { recipientOf } from '../../../shared/recipient';
import { sessionIdOf } from '../../../shared/session-locator';

/** As many messages as the runtime takes in one bulk. */
const MOST = 1_000;
const SECOND_MS = 1_000;

export const sendBulkProperties = (displayOptions: INodeProperties['displayOptions']): INodeProperties[] => [
  {
    displayName: 'Text',
    name: 'text',
    type: 'string',
    typeOptions: { rows: 4 },
    required: true,
    default: '',
    placeholder: 'e.g. Hello {{ $json.name }}, we open again on Monday',
    displayOptions,
  },
  {
    displayName:
      'All input items become one bulk, in their order. It is for people who know the account: a list of strangers is refused.',
    name: 'bulkNotice',
    type: 'notice',
    default: '',
    displayOptions,
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    displayOptions,
    options: [
      {
        displayName: 'Humanize',
        name: 'humanize',
        type: 'boolean',
        default: true,
        description: 'Whether to take the time a person would to type each message; the limits hold either way',
      },
      {
        displayName: 'Messages per Batch',
        name: 'batchSize',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: MOST },
        default: 10,
        description: 'After so many messages comes a longer pause',
      },
      pace,
      {
        displayName: 'Pause Between Batches (Seconds)',
        name: 'batchDelay',
        type: 'number',
        typeOptions: { minValue: 0 },
        default: 60,
      },
      {
        displayName: 'Pause Between Messages (Seconds)',
        name: 'delay',
        type: 'number',
        typeOptions: { minValue: 0 },
        default: 0,
        description: 'Beside the time that typing takes',
      },
    ],
  },
];

interface BulkOptions extends IDataObject {
  batchDelay?: number;
  batchSize?: number;
  delay?: number;
  humanization?: string;
  humanize?: boolean;
}

/** Hands all items over as one bulk for each session they name; the runtime sends them however long that takes. */
export async function sendBulk(
  this: IExecuteFunctions,
  itemIndexes: number[],
): Promise<(OperationResult & { of: number[] })[]> {
  const bySession = new Map<string, number[]>();
  for (const itemIndex of itemIndexes) {
    const sessionId = sessionIdOf(this, itemIndex);
    bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), itemIndex]);
  }
  for (const items of bySession.values()) requireFew(this, items.length);
  const results: (OperationResult & { of: number[] })[] = [];
  for (const [sessionId, of] of bySession) {
    const first = of[0] as number;
    const { batchDelay, batchSize, humanize, humanization } = this.getNodeParameter(
      'options',
      first,
      {},
    ) as BulkOptions;
    const json = await callApi<IDataObject>(this, {
      method: 'POST',
      path: '/messages/text/bulk',
      body: {
        ...{ sessionId, messages: of.map((itemIndex) => messageOf(this, itemIndex)) },
        ...given({ batchSize, humanization }),
        ...(humanize !== undefined && { humanize }),
        ...(batchDelay !== undefined && { batchDelay: batchDelay * SECOND_MS }),
      },
      headers: { 'Idempotency-Key': keyOf(this, first, 'bulk') },
      itemIndex: first,
    });
    results.push({ json, of });
  }
  return results;
}

function messageOf(context: IExecuteFunctions, itemIndex: number): IDataObject {
  const { delay } = context.getNodeParameter('options', itemIndex, {}) as BulkOptions;
  return {
    to: recipientOf(context, itemIndex),
    text: String(context.getNodeParameter('text', itemIndex, '')),
    ...(delay !== undefined && { delay: delay * SECOND_MS }),
  };
}

function requireFew(context: IExecuteFunctions, many: number): void {
  if (many <= MOST) return;
  throw new NodeOperationError(context.getNode(), `A bulk has at most ${MOST} messages, and there are ${many} items`, {
    description: `Put a "Loop Over Items" node before this one, with a batch size of ${MOST} or less.`,
  });
}
