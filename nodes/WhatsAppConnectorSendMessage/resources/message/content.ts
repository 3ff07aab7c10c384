import {
  NodeOperationError,
  type IDataObject,
  type IDisplayOptions,
  type IExecuteFunctions,
  type INodeProperties,
  type INodePropertyOptions,
} from 'n8n-workflow';
import { given, isOn, numberOf, textOf } from '../../../shared/parameters';
import { fileOf, fileProperties } from './file';
import type { Outgoing } from './how';

interface MessageType {
  name: string;
  description: string;
  /** Shown only for this type. */
  properties: (show: Record<string, string[]>) => INodeProperties[];
  read: (context: IExecuteFunctions, itemIndex: number) => Promise<Outgoing> | Outgoing;
}

const caption = (show: Record<string, string[]>): INodeProperties => ({
  displayName: 'Caption',
  name: 'caption',
  type: 'string',
  typeOptions: { rows: 2 },
  default: '',
  description: 'Words shown below it',
  displayOptions: { show },
});

const yes = (
  displayName: string,
  name: string,
  description: string,
  show: NonNullable<IDisplayOptions['show']>,
): INodeProperties => ({
  ...{ displayName, name, type: 'boolean', default: false, description },
  displayOptions: { show },
});

/** A kind of file: the runtime's name for it, and the parameters that are sent along. */
const withFile =
  (kind: string, ...names: string[]): MessageType['read'] =>
  async (context, itemIndex) => {
    const source = await fileOf(context, itemIndex);
    const fields = Object.fromEntries(names.map((name) => [name, context.getNodeParameter(name, itemIndex, '')]));
    const content = given(fields as IDataObject);
    return 'file' in source ? { kind, content, file: source.file } : { kind, content: { ...content, url: source.url } };
  };

const TYPES: Record<string, MessageType> = {
  audio: {
    name: 'Audio',
    description: 'Music or a voice message',
    properties: (show) => [
      ...fileProperties(show),
      yes('Voice Message', 'voice', 'Whether it is shown as recorded in the chat, with its sound wave', show),
      yes('Listen Once', 'viewOnce', 'Whether it can be listened to only once', { ...show, voice: [true] }),
    ],
    read: (context, itemIndex) =>
      withFile('audio', ...(isOn(context, itemIndex, 'voice') ? ['voice', 'viewOnce'] : []))(context, itemIndex),
  },
  contact: {
    name: 'Contact Card',
    description: 'Somebody to call or write to',
    properties: (show) => [
      {
        displayName: 'Cards',
        name: 'cards',
        type: 'fixedCollection',
        typeOptions: { multipleValues: true },
        placeholder: 'Add card',
        default: { card: [{ name: '', phone: '' }] },
        displayOptions: { show },
        options: [
          {
            displayName: 'Card',
            name: 'card',
            values: [
              { displayName: 'Name', name: 'name', type: 'string', default: '', required: true },
              { displayName: 'Organization', name: 'organization', type: 'string', default: '' },
              {
                displayName: 'Phone Number',
                name: 'phone',
                type: 'string',
                default: '',
                required: true,
                placeholder: 'e.g. +1 555 010 0000',
              },
            ],
          },
        ],
      },
    ],
    read(context, itemIndex) {
      const { card = [] } = context.getNodeParameter('cards', itemIndex, {}) as { card?: IDataObject[] };
      return { kind: 'contact', content: { contacts: card.map(given) } };
    },
  },
  document: {
    name: 'Document',
    description: 'A file to keep, such as a PDF',
    properties: (show) => [
      ...fileProperties(show),
      caption(show),
      {
        displayName: 'File Name',
        name: 'fileName',
        type: 'string',
        default: '',
        placeholder: 'e.g. catalogue.pdf',
        description: "What the recipient sees and saves it as, instead of the file's own name",
        displayOptions: { show },
      },
    ],
    read: withFile('document', 'caption', 'fileName'),
  },
  image: {
    name: 'Image',
    description: 'A picture, with words below it if you like',
    properties: (show) => [
      ...fileProperties(show),
      caption(show),
      yes('View Once', 'viewOnce', 'Whether it can be opened only once', show),
    ],
    read: withFile('image', 'caption', 'viewOnce'),
  },
  location: {
    name: 'Location',
    description: 'A place on the map',
    properties: (show) => [
      {
        displayName: 'Latitude',
        name: 'latitude',
        type: 'number',
        typeOptions: { minValue: -90, maxValue: 90, numberPrecision: 7 },
        default: 0,
        required: true,
        displayOptions: { show },
      },
      {
        displayName: 'Longitude',
        name: 'longitude',
        type: 'number',
        typeOptions: { minValue: -180, maxValue: 180, numberPrecision: 7 },
        default: 0,
        required: true,
        displayOptions: { show },
      },
      {
        displayName: 'Name',
        name: 'placeName',
        type: 'string',
        default: '',
        description: 'What the place is called',
        displayOptions: { show },
      },
      { displayName: 'Address', name: 'address', type: 'string', default: '', displayOptions: { show } },
    ],
    read: (context, itemIndex) => ({
      kind: 'location',
      content: {
        latitude: numberOf(context, itemIndex, 'latitude'),
        longitude: numberOf(context, itemIndex, 'longitude'),
        ...given({ name: textOf(context, itemIndex, 'placeName'), address: textOf(context, itemIndex, 'address') }),
      },
    }),
  },
  poll: {
    name: 'Poll',
    description: 'A question with answers to choose from',
    properties: (show) => [
      {
        displayName: 'Question',
        name: 'question',
        type: 'string',
        default: '',
        required: true,
        displayOptions: { show },
      },
      {
        displayName: 'Answers',
        name: 'answers',
        type: 'string',
        typeOptions: { multipleValues: true, multipleValueButtonText: 'Add answer' },
        default: ['', ''],
        description: '2 to 12 different ones',
        displayOptions: { show },
      },
      yes('Several Answers', 'several', 'Whether one may choose more than one answer', show),
    ],
    read(context, itemIndex) {
      const answers = context.getNodeParameter('answers', itemIndex, []) as unknown;
      const options = (Array.isArray(answers) ? answers : String(answers).split('\n')).map((each) =>
        String(each).trim(),
      );
      const selectable = isOn(context, itemIndex, 'several') ? 0 : 1;
      const content = {
        question: textOf(context, itemIndex, 'question'),
        options: options.filter(Boolean),
        selectable,
      };
      return { kind: 'poll', content };
    },
  },
  sticker: {
    name: 'Sticker',
    description: 'A WebP picture shown as a sticker',
    properties: fileProperties,
    read: withFile('sticker'),
  },
  text: {
    name: 'Text',
    description: 'Words',
    properties: (show) => [
      {
        displayName: 'Text',
        name: 'text',
        type: 'string',
        typeOptions: { rows: 4 },
        required: true,
        default: '',
        placeholder: 'e.g. Thank you, we are looking into it',
        displayOptions: { show },
      },
      yes(
        'Link Preview',
        'linkPreview',
        'Whether to show title and picture of the first web address in the text; the runtime fetches them',
        show,
      ),
    ],
    // Spaces and line breaks are the user's own.
    read: (context, itemIndex) => ({
      kind: 'text',
      content: {
        text: String(context.getNodeParameter('text', itemIndex, '')),
        ...given({ linkPreview: isOn(context, itemIndex, 'linkPreview') }),
      },
    }),
  },
  video: {
    name: 'Video',
    description: 'A film, a GIF or a round video note',
    properties: (show) => [
      ...fileProperties(show),
      {
        displayName: 'Show As',
        name: 'videoAs',
        type: 'options',
        default: 'video',
        options: [
          { name: 'GIF', value: 'gif', description: 'It plays over and over, without sound' },
          { name: 'Video', value: 'video' },
          { name: 'Video Note', value: 'note', description: 'Round, as recorded in the chat; without a caption' },
        ],
        displayOptions: { show },
      },
      caption({ ...show, videoAs: ['video', 'gif'] }),
      yes('View Once', 'viewOnce', 'Whether it can be opened only once', { ...show, videoAs: ['video'] }),
    ],
    async read(context, itemIndex) {
      const as = textOf(context, itemIndex, 'videoAs');
      const names = { video: ['caption', 'viewOnce'], gif: ['caption'] }[as] ?? [];
      const { content, ...rest } = await withFile('video', ...names)(context, itemIndex);
      return { ...rest, content: { ...content, ...given({ gif: as === 'gif', note: as === 'note' }) } };
    },
  },
};

export const typeOptions: INodePropertyOptions[] = Object.entries(TYPES).map(([value, { name, description }]) => ({
  ...{ name, value, description },
}));

/** The parameters of every type. */
export const contentProperties = (show: Record<string, string[]>): INodeProperties[] =>
  Object.entries(TYPES).flatMap(([type, { properties }]) => properties({ ...show, messageType: [type] }));

/** The parameters of one type. */
export const propertiesOfType = (type: 'poll' | 'text', show: Record<string, string[]>): INodeProperties[] =>
  TYPES[type]?.properties(show) ?? [];

/** What one item is to send. */
export async function contentOf(
  context: IExecuteFunctions,
  itemIndex: number,
  chosen = textOf(context, itemIndex, 'messageType'),
): Promise<Outgoing> {
  const type = Object.keys(TYPES).includes(chosen) ? TYPES[chosen] : undefined;
  if (type) return type.read(context, itemIndex);
  throw new NodeOperationError(context.getNode(), `There is no message type "${chosen}"`, {
    description: `It is one of ${Object.keys(TYPES).join(', ')}.`,
    itemIndex,
  });
}
