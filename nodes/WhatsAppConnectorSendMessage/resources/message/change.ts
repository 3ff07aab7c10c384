import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Operation } from '../../../shared/operations';
import { given, textOf } from '../../../shared/parameters';
import { handOver, optionsWith } from './how';

const show = (...operation: string[]) => ({ resource: ['message'], operation });

/** Which message it is about. */
export const messageId: INodeProperties = {
  displayName: 'Message ID',
  name: 'messageId',
  type: 'string',
  required: true,
  default: '',
  placeholder: 'e.g. 3EB0C767D097B7C7C030',
  hint: 'The "messageId" that the trigger or sending gave',
  displayOptions: { show: show('cancel', 'delete', 'edit', 'forward', 'get', 'react', 'wait') },
};

export const changeProperties: INodeProperties[] = [
  {
    displayName: 'New Text',
    name: 'newText',
    type: 'string',
    typeOptions: { rows: 4 },
    required: true,
    default: '',
    displayOptions: { show: show('edit') },
  },
  {
    displayName: 'Emoji',
    name: 'emoji',
    type: 'string',
    default: '',
    hint: 'Leave it empty to take the reaction back',
    displayOptions: { show: show('react') },
  },
  {
    displayName: 'From Chat',
    name: 'fromChat',
    type: 'string',
    default: '',
    placeholder: 'e.g. {{ $json.chat.jid }}',
    hint: 'The chat the message is in, as the trigger gives it. Leave it empty for a message this account sent.',
    displayOptions: { show: show('forward') },
  },
  optionsWith([], show('delete', 'edit', 'forward', 'react')),
];

/** Does something to a message that is there: to the runtime it is a message of its own. */
const change = (kind: string, read: (context: IExecuteFunctions, itemIndex: number) => IDataObject): Operation =>
  async function (this: IExecuteFunctions, itemIndex: number) {
    const about = messageIdOf(this, itemIndex);
    return await handOver(this, itemIndex, { kind, content: { messageId: about, ...read(this, itemIndex) } });
  };

export const messageIdOf = (context: IExecuteFunctions, itemIndex: number): string =>
  textOf(context, itemIndex, 'messageId');

export const editMessage = change('edit', (context, itemIndex) => ({
  text: String(context.getNodeParameter('newText', itemIndex, '')),
}));
export const forwardMessage = change('forward', (context, itemIndex) =>
  given({ chat: textOf(context, itemIndex, 'fromChat') }),
);
export const deleteMessage = change('delete', () => ({}));
export const reactToMessage = change('reaction', (context, itemIndex) => ({
  emoji: textOf(context, itemIndex, 'emoji'),
}));
