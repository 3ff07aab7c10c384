/**
 * Files uploaded as multipart/form-data: the fields become the body, checked by the same schema as JSON, and the file is left to
 * be read by the route, in a stream. It must be the last part, so that all is known of a file before its bytes are taken.
 */
import multipart, { type MultipartFile } from '@fastify/multipart';
import { Ajv } from 'ajv';
import type { FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import { RuntimeError } from '../errors.ts';
import type { Api } from './api.ts';

export interface Upload {
  bytes: AsyncIterable<Uint8Array>;
  fileName: string | undefined;
  mimetype: string | undefined;
  /** Reads on to the end. Throws `invalid_request` when more comes than the file. */
  end(): Promise<void>;
}

const MAX_FIELDS = 1_100;
/** A caption or a text in bytes; the schema counts characters. */
const MAX_FIELD_BYTES = 64 * 1024;
/** What browsers and tools say when they do not know. */
const NO_TYPE = 'application/octet-stream';

/** Fields are text: numbers and truth values are read from it, and what is said once is a list of one. */
const reader = new Ajv({ coerceTypes: 'array', strict: false });
const uploads = new WeakMap<FastifyRequest, Upload>();

export async function acceptUploads(app: Api, maxBytes: number): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: maxBytes + 1, files: 1, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, parts: MAX_FIELDS + 1 },
    throwFileSizeLimit: false,
  });
}

/** For a route's `preValidation`: makes the fields of an upload the request's body. */
export function fieldsAsBody(schema: TObject) {
  const read = reader.compile(schema);
  return async (request: FastifyRequest): Promise<void> => {
    if (!request.isMultipart()) return;
    const parts = request.parts();
    const body: Record<string, unknown> = {};
    for (;;) {
      const next = await parts.next();
      if (next.done) throw wrong('file: is missing; it must be the last part of the form');
      if (next.value.type === 'file') {
        uploads.set(request, uploadOf(next.value, parts));
        break;
      }
      const { fieldname, value } = next.value;
      const before = body[fieldname];
      body[fieldname] = before === undefined ? value : [before, value].flat();
    }
    read(body);
    request.body = body;
  };
}

export const uploadIn = (request: FastifyRequest): Upload | undefined => uploads.get(request);

function uploadOf({ file, filename, mimetype }: MultipartFile, parts: AsyncIterator<unknown>): Upload {
  return {
    bytes: file,
    fileName: filename || undefined,
    mimetype: mimetype === NO_TYPE ? undefined : mimetype,
    async end() {
      file.resume();
      const next = await parts.next();
      if (!next.done) throw wrong('file: must be the last part of the form');
    },
  };
}

const wrong = (problem: string) => new RuntimeError('invalid_request', { details: [problem] });
