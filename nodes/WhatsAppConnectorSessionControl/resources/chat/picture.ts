import { NodeOperationError, type IDisplayOptions, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import { download, pathTo } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { textOf } from '../../../shared/parameters';
import { recipientOf } from '../../../shared/recipient';
import { sessionIdOf } from '../../../shared/session-locator';

const displayOptions: IDisplayOptions = { show: { resource: ['chat'], operation: ['getPicture'] } };

export const pictureProperties: INodeProperties[] = [
  {
    displayName: 'Output Data Field Name',
    name: 'binaryPropertyName',
    type: 'string',
    required: true,
    default: 'data',
    hint: 'The field of the output item that holds the image',
    displayOptions,
  },
  {
    displayName: 'Size',
    name: 'size',
    type: 'options',
    default: 'large',
    options: [
      { name: 'Large', value: 'large' },
      { name: 'Small', value: 'small' },
    ],
    displayOptions,
  },
];

/** The picture as a file; that there is none, or it is not shown to this account, stops the item. */
export async function getPicture(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const [sessionId, chat] = [sessionIdOf(this, itemIndex), recipientOf(this, itemIndex)];
  const path = `${pathTo('sessions', sessionId, 'chats', chat, 'picture')}?size=${textOf(this, itemIndex, 'size')}`;
  const picture = await download(this, path);
  if ('refused' in picture) {
    throw new NodeOperationError(this.getNode(), 'There is no picture', { description: picture.refused, itemIndex });
  }
  const field = textOf(this, itemIndex, 'binaryPropertyName');
  const image = await this.helpers.prepareBinaryData(picture.stream, 'picture.jpg', picture.mimeType);
  return [{ json: { sessionId, chat }, binary: { [field]: image } }];
}
