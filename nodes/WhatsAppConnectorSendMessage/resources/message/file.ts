import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import type { Outgoing } from './how';

/** Where the file of a message comes from. */
export const fileProperties = (show: Record<string, string[]>): INodeProperties[] => [
  {
    displayName: 'File From',
    name: 'fileFrom',
    type: 'options',
    default: 'input',
    options: [
      { name: 'Input Field', value: 'input', description: 'A file that came with the input item' },
      { name: 'URL', value: 'url', description: "The runtime fetches it, by the session's proxy where it has one" },
    ],
    displayOptions: { show },
  },
  {
    displayName: 'Input Data Field Name',
    name: 'binaryPropertyName',
    type: 'string',
    required: true,
    default: 'data',
    hint: 'The name of the input field that holds the file',
    displayOptions: { show: { ...show, fileFrom: ['input'] } },
  },
  {
    displayName: 'URL',
    name: 'fileUrl',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. https://example.com/catalogue.pdf',
    displayOptions: { show: { ...show, fileFrom: ['url'] } },
  },
];

/** The file of one item, as the runtime takes it. */
export async function fileOf(
  context: IExecuteFunctions,
  itemIndex: number,
): Promise<{ url: string } | { file: NonNullable<Outgoing['file']> }> {
  if (context.getNodeParameter('fileFrom', itemIndex, 'input') === 'url') {
    const url = String(context.getNodeParameter('fileUrl', itemIndex, '')).trim();
    if (url !== '') return { url };
    throw new NodeOperationError(context.getNode(), 'There is no URL to fetch the file from', {
      description: 'Enter one, or choose "Input Field" for a file that came with the item.',
      itemIndex,
    });
  }
  const field = String(context.getNodeParameter('binaryPropertyName', itemIndex, 'data'));
  const { id, fileName = '', mimeType } = context.helpers.assertBinaryData(itemIndex, field);
  // Without an id it is in the item itself.
  if (id === undefined) {
    return { file: { content: await context.helpers.getBinaryDataBuffer(itemIndex, field), fileName, mimeType } };
  }
  const { fileSize: size } = await context.helpers.getBinaryMetadata(id);
  return { file: { content: { stream: await context.helpers.getBinaryStream(id), size }, fileName, mimeType } };
}
