import type { IDataObject, IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

/** A parameter of one item as text, without the spaces around it. */
export const textOf = (context: IExecuteFunctions, itemIndex: number, name: string): string =>
  String(context.getNodeParameter(name, itemIndex, '')).trim();

export const numberOf = (context: IExecuteFunctions, itemIndex: number, name: string): number =>
  Number(context.getNodeParameter(name, itemIndex));

export const isOn = (context: IExecuteFunctions, itemIndex: number, name: string): boolean =>
  context.getNodeParameter(name, itemIndex, false) === true;

/** What the user filled in: fields left empty or off stay away from the request. */
export const given = (fields: IDataObject): IDataObject =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== false && value !== undefined),
  );

/** Several of something in one field, between commas or line breaks. */
export const severalIn = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((each) => each.trim())
    .filter(Boolean);

/** For how long an operation waits for a status; its answer says whether that was reached. */
export const waitAtMost = (displayOptions: IDisplayOptions): INodeProperties => ({
  displayName: 'Wait at Most (Seconds)',
  name: 'timeout',
  type: 'number',
  typeOptions: { minValue: 1, maxValue: 120 },
  default: 60,
  description: 'When time is up the node goes on, with "reached" false',
  displayOptions,
});
