import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Operation } from '../../../shared/operations';
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
  displayOptions: { show: show('cancel', 'delete', 'edit', 'get', 'react') },
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
  optionsWith([], show('delete', 'edit', 'react')),
];

/** Does something to a message that is there: to the runtime it is a message of its own. */
const change = (kind: string, read: (context: IExecuteFunctions, itemIndex: number) => IDataObject): Operation =>
  async function (this: IExecuteFunctions, itemIndex: number) {
    const about = messageIdOf(this, itemIndex);
    return await handOver(this, itemIndex, { kind, content: { messageId: about, ...read(this, itemIndex) } });
  };

export const messageIdOf = (context: IExecuteFunctions, itemIndex: number): string =>
  String(context.getNodeParameter('messageId', itemIndex, '')).trim();

export const editMessage = change('edit', (context, itemIndex) => ({
  text: String(context.getNodeParameter('newText', itemIndex, '')),
}));
export const deleteMessage = change('delete', () => ({}));
export const reactToMessage = change('reaction', (context, itemIndex) => ({
  emoji: String(context.getNodeParameter('emoji', itemIndex, '')).trim(),
}));
