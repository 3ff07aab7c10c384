import { randomBytes } from 'node:crypto';
import {
  NodeApiError,
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type IHookFunctions,
  type IHttpRequestMethods,
  type IHttpRequestOptions,
  type ILoadOptionsFunctions,
  type IWebhookFunctions,
  type JsonObject,
} from 'n8n-workflow';
import { adviceOn } from './advice';

const CREDENTIAL = 'whatsAppConnectorApi';

type ApiContext = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | IWebhookFunctions;

interface ApiCall {
  method: IHttpRequestMethods;
  /** Below the credential's base URL, its parts already encoded. */
  path: string;
  query?: IDataObject;
  body?: IDataObject;
  /** In the place of a body: a form with a file as its last part. */
  upload?: Upload;
  /** The answer is a stream of bytes. */
  file?: boolean;
  headers?: IDataObject;
  itemIndex?: number;
}

export interface Upload {
  fields: IDataObject;
  file: OutgoingFile;
}

export interface OutgoingFile {
  /** As a stream where n8n keeps files on its disk or elsewhere, so that they are never whole in its memory. */
  content: Buffer | { stream: FileStream; size: number };
  fileName: string;
  mimeType: string;
}

/** Node's stream, by the name n8n gives it: these nodes import nothing of Node but its hashes. */
export type FileStream = Awaited<ReturnType<IExecuteFunctions['helpers']['getBinaryStream']>>;

/** An account as the runtime describes it. */
export interface Session extends IDataObject {
  sessionId: string;
  status: string;
  phone: string | null;
  pushName: string | null;
}

interface ApiFault {
  code: string;
  message: string;
  hint?: string;
  details?: string[];
  retryAfter?: number;
}

interface Refusal {
  fault: ApiFault;
  statusCode: number;
}

interface Answer {
  statusCode: number;
  headers: IDataObject;
  body: unknown;
}

/** Builds a path from its parts; whatever a user typed stays one part. */
export const pathTo = (...parts: string[]): string => parts.map((part) => `/${encodeURIComponent(part)}`).join('');

/**
 * Calls the runtime and returns what it answers, without the envelope. Statuses are judged here instead of by n8n, since
 * the runtime says in its own words what happened (message) and what to do about it (hint).
 */
export async function callApi<Data>(context: ApiContext, call: ApiCall): Promise<Data> {
  const outcome = await exchange<Data>(context, call);
  if ('fault' in outcome) throw refusal(context, outcome, call.itemIndex);
  return outcome.data;
}

/** The same for what may well be gone: null when the runtime refuses with this code. */
export async function callApiUnless<Data>(code: string, context: ApiContext, call: ApiCall): Promise<Data | null> {
  const outcome = await exchange<Data>(context, call);
  if ('data' in outcome) return outcome.data;
  if (outcome.fault.code === code) return null;
  throw refusal(context, outcome, call.itemIndex);
}

/** A file the runtime keeps, by the path an event gave. Null, with the runtime's reason, when it cannot be had any more. */
export async function download(
  context: IExecuteFunctions | IWebhookFunctions,
  path: string,
): Promise<{ stream: FileStream; mimeType: string } | { refused: string }> {
  const baseUrl = await baseUrlOf(context, undefined);
  const { statusCode, body, headers } = await send(context, { method: 'GET', path, file: true }, baseUrl);
  const stream = body as FileStream;
  if (statusCode === 200) return { stream, mimeType: String(headers['content-type'] ?? 'application/octet-stream') };
  const fault = faultIn((await context.helpers.binaryToBuffer(stream)).toString());
  if (fault && statusCode < 500) return { refused: `${fault.message} ${adviceOn(fault.code, fault.hint)}`.trim() };
  throw new NodeOperationError(context.getNode(), `The file was not given out (HTTP status ${statusCode})`, {
    description: fault?.message ?? 'Look into the log of the runtime.',
  });
}

function faultIn(text: string): ApiFault | null {
  try {
    const body = JSON.parse(text) as unknown;
    return isObject(body) && isObject(body.error) ? (body.error as unknown as ApiFault) : null;
  } catch {
    return null;
  }
}

async function exchange<Data>(context: ApiContext, call: ApiCall): Promise<{ data: Data } | Refusal> {
  const baseUrl = await baseUrlOf(context, call.itemIndex);
  const { statusCode, body } = await send(context, call, baseUrl);
  const envelope = isObject(body) ? body : {};
  if (statusCode < 300 && envelope.success === true && 'data' in envelope) return { data: envelope.data as Data };
  if (envelope.success === false && isObject(envelope.error)) {
    return { fault: envelope.error as unknown as ApiFault, statusCode };
  }
  throw new NodeOperationError(
    context.getNode(),
    `What answers at ${baseUrl} is not a WhatsApp Connector runtime (HTTP status ${statusCode})`,
    {
      description:
        'Check the Base URL in the credential: it is the address of the runtime, not that of n8n or a proxy.',
      itemIndex: call.itemIndex,
    },
  );
}

const isObject = (value: unknown): value is IDataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function baseUrlOf(context: ApiContext, itemIndex: number | undefined): Promise<string> {
  const { baseUrl } = await context.getCredentials<{ baseUrl: string }>(CREDENTIAL, itemIndex);
  const trimmed = String(baseUrl ?? '').trim();
  if (!/^https?:\/\/[^/]/i.test(trimmed)) {
    throw new NodeOperationError(
      context.getNode(),
      `The Base URL "${trimmed}" in the credential is not a web address`,
      {
        description: 'Write it in full, such as http://localhost:3003.',
        itemIndex,
      },
    );
  }
  return trimmed.replace(/(?<!\/)\/+$/, '');
}

async function send(context: ApiContext, call: ApiCall, baseUrl: string): Promise<Answer> {
  const options: IHttpRequestOptions = {
    method: call.method,
    url: baseUrl + call.path,
    json: true,
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
  };
  if (call.file) Object.assign(options, { json: false, encoding: 'stream' });
  if (call.query) options.qs = call.query;
  if (call.headers) options.headers = call.headers;
  if (call.body) {
    // As text, since n8n sends nothing at all for an object without fields.
    options.body = JSON.stringify(call.body);
    options.headers = { ...call.headers, 'Content-Type': 'application/json' };
  }
  if (call.upload) {
    const form = formOf(call.upload);
    options.body = form.body;
    options.headers = { ...call.headers, 'Content-Type': form.contentType, 'Content-Length': form.length };
    // To follow one, all that was sent would have to be kept.
    options.disableFollowRedirect = true;
  }
  try {
    return (await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, options)) as Answer;
  } catch (error) {
    throw new NodeOperationError(context.getNode(), error as Error, {
      message: `The WhatsApp Connector runtime does not answer at ${baseUrl}`,
      description: `Check that it is running and that the Base URL in the credential can be reached from n8n. What happened: ${(error as Error).message}`,
      itemIndex: call.itemIndex,
    });
  }
}

/** As multipart/form-data, made here: n8n takes the form of a library that this package does without. */
function formOf({ fields, file }: Upload): { body: Buffer | FileStream; length: number; contentType: string } {
  const boundary = `n8n-${randomBytes(16).toString('hex')}`;
  const part = (name: string, more: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${more}\r\n\r\n${value}`;
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${part(name, '', String(each))}\r\n`),
  );
  const about = `; filename="${quoted(file.fileName)}"\r\nContent-Type: ${file.mimeType.replace(/[\r\n]/g, '')}`;
  const head = Buffer.from(texts.join('') + part('file', about, ''));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { content } = file;
  const size = 'stream' in content ? content.size : content.length;
  return {
    body: 'stream' in content ? joined(head, content.stream, tail) : Buffer.concat([head, content, tail]),
    length: head.length + size + tail.length,
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

/** A stream of the same make with something before and after it. */
function joined(head: Buffer, stream: FileStream, tail: Buffer): FileStream {
  const { from } = stream.constructor as unknown as { from(parts: AsyncIterable<unknown>): FileStream };
  async function* all() {
    yield head;
    yield* stream as AsyncIterable<unknown>;
    yield tail;
  }
  return from(all());
}

/** A name in quotes: what would end it is marked, and line breaks, which no name has, are left out. */
const quoted = (name: string) => name.replace(/[\r\n]/g, ' ').replace(/["\\]/g, '\\$&');

function refusal(context: ApiContext, { fault, statusCode }: Refusal, itemIndex: number | undefined): NodeApiError {
  const wait = fault.retryAfter === undefined ? '' : `It may succeed in ${fault.retryAfter} seconds.`;
  return new NodeApiError(context.getNode(), fault as unknown as JsonObject, {
    message: fault.message,
    description: [adviceOn(fault.code, fault.hint), (fault.details ?? []).join('; '), wait].filter(Boolean).join(' '),
    httpCode: String(statusCode),
    itemIndex,
  });
}
