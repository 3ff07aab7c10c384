import {
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type INodeProperties,
  type INodePropertyOptions,
} from 'n8n-workflow';
import { callApi, type OutgoingFile } from '../../../shared/api';
import { keyOf } from '../../../shared/idempotency-key';
import type { OperationResult } from '../../../shared/operations';
import { pace } from '../../../shared/pace';
import { recipientOf } from '../../../shared/recipient';
import { sessionIdOf } from '../../../shared/session-locator';
import { millisecondsOf } from '../../../shared/time';

/** How far a message can come. */
export const reachedStatuses: INodePropertyOptions[] = [
  { name: 'Delivered', value: 'delivered', description: "It is on the recipient's device" },
  { name: 'Read', value: 'read', description: 'The recipient has read it' },
  { name: 'Sent', value: 'sent', description: 'WhatsApp has accepted it' },
];

/** How every message is sent, whatever it is. */
const how: INodeProperties[] = [
  {
    displayName: 'Expires At',
    name: 'expiresAt',
    type: 'dateTime',
    default: '',
    description: 'When it is too late for the message: if it has not gone by then, it is not sent',
  },
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
    displayName: 'Priority',
    name: 'priority',
    type: 'options',
    default: 'normal',
    description:
      'Which of the messages that wait goes first. When not chosen, an answer goes before a message that nobody waits for.',
    options: [
      { name: 'High', value: 'high' },
      { name: 'Low', value: 'low', description: 'After all others, as those of a bulk' },
      { name: 'Normal', value: 'normal' },
    ],
  },
  {
    displayName: 'Send At',
    name: 'sendAt',
    type: 'dateTime',
    default: '',
    description: 'When to send it, instead of now; it can be taken back with "Cancel" until then',
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
    displayName: 'Wait at Most (Seconds)',
    name: 'timeout',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: 120 },
    default: 30,
    description:
      'How long "Wait Until" waits. When time is up the node goes on, with "reached" false; the message is still sent.',
  },
  {
    displayName: 'Wait Until',
    name: 'waitFor',
    type: 'options',
    default: 'sent',
    options: reachedStatuses,
    description: 'Continue when the message has come this far, instead of as soon as it is safely queued',
  },
];

const byName = (a: { displayName: string }, b: { displayName: string }) => a.displayName.localeCompare(b.displayName);

/** The options of an operation: these and how it is sent, in the order of the alphabet, without what it settles itself. */
export const optionsWith = (
  more: INodeProperties[],
  show: Record<string, string[]>,
  settled: string[] = [],
): INodeProperties => ({
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add option',
  default: {},
  displayOptions: { show },
  options: [...how.filter(({ name }) => !settled.includes(name)), ...more].sort(byName),
});

interface How extends IDataObject {
  idempotencyKey?: string;
  /** Separated by commas. */
  mentions?: string;
  timeout?: number;
  waitFor?: string;
}

export interface Outgoing {
  /** Below /messages. */
  kind: string;
  /** What it says, besides to whom and how. */
  content: IDataObject;
  /** A file that goes with it, in the place of a body in JSON. */
  file?: OutgoingFile;
}

/**
 * Hands a message to the runtime, which sends it however long that takes; one known to have failed is an error. `settled` are
 * options that the operation leaves no choice about.
 */
export async function handOver(
  context: IExecuteFunctions,
  itemIndex: number,
  { kind, content, file }: Outgoing,
  settled: How = {},
): Promise<OperationResult[]> {
  const options = { ...(context.getNodeParameter('options', itemIndex, {}) as How), ...settled };
  const { idempotencyKey, timeout, waitFor, sendAt, expiresAt, mentions, ...given } = options;
  const at = (value: unknown, name: string) =>
    value === undefined || value === '' ? undefined : millisecondsOf(context, value, name, itemIndex);
  const fields: IDataObject = {
    sessionId: sessionIdOf(context, itemIndex),
    to: recipientOf(context, itemIndex),
    ...content,
    ...present({
      // Where the runtime reaches n8n is nothing about the message.
      ...{
        ...given,
        callbackBaseUrl: undefined,
        sendAt: at(sendAt, 'Send At'),
        expiresAt: at(expiresAt, 'Expires At'),
      },
      mentions: mentions && mentions.split(',').map((each) => each.trim()),
    }),
    ...(waitFor && { waitFor, timeout: timeout ?? 30 }),
  };
  const message = await callApi<IDataObject>(context, {
    method: 'POST',
    path: `/messages/${kind}`,
    ...(file ? { upload: { fields, file } } : { body: fields }),
    headers: { 'Idempotency-Key': idempotencyKey || keyOf(context, itemIndex) },
    itemIndex,
  });
  if (message.status !== 'failed') return [{ json: message }];
  throw new NodeOperationError(context.getNode(), 'The message was not sent', {
    description: `WhatsApp or the runtime gave up on it: ${String(message.error ?? 'no reason given')} (message ${String(message.messageId)}).`,
    itemIndex,
  });
}

/** Without what was left empty. */
const present = (fields: IDataObject): IDataObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '' && value !== undefined));
