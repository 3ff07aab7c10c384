import type { IDisplayOptions, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { callApi, pathTo, type Session } from '../../../shared/api';
import type { OperationResult } from '../../../shared/operations';
import { sessionIdOf } from '../../../shared/session-locator';
import { pictureOf, type QrCode } from './qr-picture';

const displayOptions: IDisplayOptions = { show: { resource: ['session'], operation: ['getQrCode'] } };
/** The states in which waiting longer brings no code: there is one, or there will be none. */
const SETTLED = 'qr,pairing,connected,disconnected,replaced,logged_out,banned,failed';

export const getQrCodeProperties: INodeProperties[] = [
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
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    displayOptions,
    options: [
      {
        displayName: 'Wait at Most (Seconds)',
        name: 'timeout',
        type: 'number',
        typeOptions: { minValue: 0, maxValue: 120 },
        default: 30,
        description: 'How long to wait for a code: a session that was just created has none for a few seconds',
      },
    ],
  },
];

/** The code as text and as a PNG, after waiting for it where needed. */
export async function getQrCode(this: IExecuteFunctions, itemIndex: number): Promise<OperationResult[]> {
  const sessionId = sessionIdOf(this, itemIndex);
  const { timeout = 30 } = this.getNodeParameter('options', itemIndex, {}) as { timeout?: number };
  if (timeout > 0) {
    const path = pathTo('sessions', sessionId, 'wait');
    await callApi<Session>(this, { method: 'GET', path, query: { status: SETTLED, timeout }, itemIndex });
  }
  const path = pathTo('sessions', sessionId, 'qr');
  const code = await callApi<QrCode>(this, { method: 'GET', path, itemIndex });
  const { qr, expiresIn } = code;
  const field = this.getNodeParameter('binaryPropertyName', itemIndex, 'data') as string;
  return [{ json: { sessionId, qr, expiresIn }, binary: { [field]: await pictureOf(this, code, sessionId) } }];
}
