import { createHash } from 'node:crypto';
import {
  NodeOperationError,
  type IDataObject,
  type IDisplayOptions,
  type IExecuteFunctions,
  type INodeProperties,
} from 'n8n-workflow';
import { callApi } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { pace } from '../../../shared/pace';
import { sessionIdOf } from '../../../shared/session-locator';

const displayOptions: IDisplayOptions = { show: { resource: ['text'], operation: ['send'] } };

const options: INodeProperties[] = [
  {
    displayName: 'Humanize',
    name: 'humanize',
    type: 'boolean',
    default: true,
    description:
      'Whether to take the time a person would: read, type, then send. The limits that protect the account hold either way.',
  },
  {
    displayName: 'Idempotency Key',
    name: 'idempotencyKey',
    type: 'string',
    default: '',
    description:
      'A message with a key that was used before is not sent again. When left empty it is made from the execution and the item, so that a retry of this node sends nothing twice.',
  },
  {
    displayName: 'Mark as Read First',
    name: 'readBefore',
    type: 'boolean',
    default: true,
    description: "Whether to mark the recipient's messages as read before answering, as a person would have to",
  },
  pace,
  {
    displayName: 'Reply to Message ID',
    name: 'quotedMessageId',
    type: 'string',
    default: '',
    placeholder: 'e.g. 3EB0C767D097B7C7C030',
    description: 'The message to quote, by the messageId the trigger gave',
  },
  {
    displayName: 'Typing Time (Ms)',
    name: 'typingDelay',
    type: 'number',
    typeOptions: { minValue: 0 },
    default: 3000,
    description: 'How long to show "typing", instead of a time that fits the length of the text',
  },
  {
    displayName: 'Wait Until',
    name: 'waitFor',
    type: 'options',
    default: 'sent',
    options: [
      { name: 'Delivered', value: 'delivered', description: "It is on the recipient's device" },
      { name: 'Read', value: 'read', description: 'The recipient has read it' },
      { name: 'Sent', value: 'sent', description: 'WhatsApp has accepted it' },
    ],
    description: 'Continue when the message has come this far, instead of as soon as it is safely queued',
  },
  {
    displayName: 'Wait at Most (Seconds)',
    name: 'timeout',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: 120 },
    default: 30,
    description:
      'How long "Wait Until" waits. When time is up the node goes on, with "reached" false; the message is still sent.',
  },
];

export const sendTextProperties: INodeProperties[] = [
  {
    displayName: 'To',
    name: 'to',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. +1 555 010 0000',
    hint: 'To answer a message, drag "jid" of its "chat" here',
    description: 'A phone number with its country code, or the address of a person or group as the trigger gives it',
    displayOptions,
  },
  {
    displayName: 'Text',
    name: 'text',
    type: 'string',
    typeOptions: { rows: 4 },
    required: true,
    default: '',
    placeholder: 'e.g. Thank you, we are looking into it',
    displayOptions,
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    displayOptions,
    options,
  },
];

interface SendOptions {
  humanize?: boolean;
  humanization?: string;
  idempotencyKey?: string;
  quotedMessageId?: string;
  readBefore?: boolean;
  timeout?: number;
  typingDelay?: number;
  waitFor?: string;
}

/** Hands one text to the runtime, which sends it however long that takes; a message known to have failed is an error. */
export async function sendText(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const { idempotencyKey, quotedMessageId, timeout, waitFor, ...pacing } = this.getNodeParameter(
    'options',
    itemIndex,
    {},
  ) as SendOptions;
  const body: IDataObject = {
    sessionId: sessionIdOf(this, itemIndex),
    to: String(this.getNodeParameter('to', itemIndex)).trim(),
    text: String(this.getNodeParameter('text', itemIndex)),
    ...pacing,
  };
  if (quotedMessageId) body.quotedMessageId = quotedMessageId;
  if (waitFor) Object.assign(body, { waitFor, timeout: timeout ?? 30 });
  const message = await callApi<IDataObject>(this, {
    method: 'POST',
    path: '/messages/text',
    body,
    headers: { 'Idempotency-Key': idempotencyKey || keyOf(this, itemIndex) },
    itemIndex,
  });
  if (message.status !== 'failed') return [{ json: message }];
  throw new NodeOperationError(this.getNode(), 'The message was not sent', {
    description: `WhatsApp or the runtime gave up on it: ${String(message.error ?? 'no reason given')} (message ${String(message.messageId)}).`,
    itemIndex,
  });
}

/**
 * The same for a retry of this node, different for everything else: the run tells the rounds of a loop apart, the
 * instance and the workflow two n8n that count their executions alike.
 */
function keyOf(context: IExecuteFunctions, itemIndex: number): string {
  const run = context.getWorkflowDataProxy(itemIndex).$runIndex as number;
  const parts = [context.getInstanceId(), context.getWorkflow().id, context.getExecutionId(), context.getNode().id];
  return `n8n-${createHash('sha256')
    .update([...parts, run, itemIndex].join('\n'))
    .digest('hex')
    .slice(0, 40)}`;
}
