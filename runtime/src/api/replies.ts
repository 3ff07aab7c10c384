/** How every answer looks: `{success, data}` or `{success: false, error}` with a code, a sentence and what to do. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RuntimeError, type ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics.ts';

/** Wraps an answer in the envelope. */
export const ok = <Data>(data: Data) => ({ success: true as const, data });

/** What Fastify itself refuses, in our words. */
const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** Said to everybody who asks at the wrong time: no failure of a request. */
const OF_COURSE: ReadonlySet<ErrorCode> = new Set(['starting', 'unavailable', 'session_moving']);

type Counted = Pick<Metrics, 'errors'>;

export function installErrorReplies(app: FastifyInstance, counted: Counted): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(error, request, reply, counted));
  app.setNotFoundHandler((request, reply) => sendError(new RuntimeError('not_found'), request, reply, counted));
}

/** For what is refused before it is known which route is meant. */
export const refuseUnrouted =
  (counted: Counted) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    sendError(error, request, reply, counted);
  };

function toRuntimeError(error: FastifyError | RuntimeError): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error.validation) return new RuntimeError('invalid_request', { details: error.validation.map(describe) });
  const code = FASTIFY_CODES[error.code] ?? (error instanceof SyntaxError ? 'invalid_json' : undefined);
  if (code) return new RuntimeError(code);
  const isCallers = error.statusCode !== undefined && error.statusCode < 500;
  return new RuntimeError(isCallers ? 'invalid_request' : 'internal', { cause: error });
}

type Problem = NonNullable<FastifyError['validation']>[number];

/** One line: which field, and what is wrong with it. */
function describe({ instancePath, keyword, params, message }: Problem): string {
  const field = instancePath.slice(1).replaceAll('/', '.');
  const at = (name: unknown) => (field ? `${field}.${String(name)}` : String(name));
  if (keyword === 'additionalProperties') return `${at(params['additionalProperty'])}: is not a known field`;
  if (keyword === 'required') return `${at(params['missingProperty'])}: is missing`;
  const allowed = params['allowedValues'];
  if (keyword === 'enum' && Array.isArray(allowed)) return `${field}: must be one of ${allowed.join(', ')}`;
  return `${field || 'body'}: ${message ?? 'is not valid'}`;
}

function sendError(
  original: FastifyError | RuntimeError,
  request: FastifyRequest,
  reply: FastifyReply,
  { errors }: Counted,
) {
  const error = toRuntimeError(original);
  errors.inc({ code: error.code });
  if (error.status >= 500 && !OF_COURSE.has(error.code)) request.log.error({ err: original }, 'request failed');
  if (error.retryAfter !== undefined) void reply.header('retry-after', error.retryAfter);
  const { code, message, hint, details, retryAfter } = error;
  return reply.code(error.status).send({
    success: false,
    error: { code, message, hint, details, ...(retryAfter !== undefined && { retryAfter }) },
  });
}
