import { NodeOperationError, type IBinaryData, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';

/** A code to scan, as the runtime gives it. */
export interface QrCode extends IDataObject {
  qr: string;
  /** A PNG as a data URL. */
  qrImage: string;
  expiresIn: number;
}

/** The code as an image. */
export async function pictureOf(
  context: IExecuteFunctions,
  { qrImage }: QrCode,
  sessionId: string,
): Promise<IBinaryData> {
  const base64 = /^data:image\/png;base64,(.+)$/.exec(String(qrImage))?.[1];
  if (base64) {
    return await context.helpers.prepareBinaryData(Buffer.from(base64, 'base64'), `${sessionId}-qr.png`, 'image/png');
  }
  throw new NodeOperationError(context.getNode(), 'The runtime sent no picture of the QR code', {
    description: 'Update the runtime and this package to versions that belong together.',
  });
}
