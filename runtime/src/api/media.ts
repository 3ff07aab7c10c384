/** Files that came with messages: whole, or a part of one. */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { RuntimeError } from '../errors.ts';
import { parseMediaId, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { closed } from './schemas.ts';

const MediaParams = Type.Object({ sessionId: Type.String(), mediaId: Type.String() }, closed);
const RangeHeaders = Type.Object({
  range: Type.Optional(Type.String({ description: 'One part of the file, such as bytes=0-1023.' })),
});
/** One part; what asks for several, or in another unit, gets the whole, as HTTP allows. */
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;
const MIMETYPE = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(?:; ?[\w-]{1,32}=[\w.+"-]{1,64})*$/;

export function mediaRoutes(app: Api, { sessions, inbox }: ApiDeps): void {
  app.get(
    '/media/:sessionId/:mediaId',
    {
      schema: {
        summary: 'Get a file that came with a message; fetched from WhatsApp when it is first asked for',
        params: MediaParams,
        headers: RangeHeaders,
        produces: ['application/octet-stream'],
      },
    },
    async (request, reply) => {
      const session = sessions.get(parseSessionId(request.params.sessionId));
      const file = await inbox.openMedia(session.id, parseMediaId(request.params.mediaId));
      const { length, mimetype, fileName, sha256 } = file;
      const part = partOf(request.headers.range, length);
      if (part === 'outside') {
        void reply.header('content-range', `bytes */${length}`);
        throw new RuntimeError('range_not_satisfiable');
      }
      const bytes = Readable.from(await file.read(part ?? undefined));
      void reply.headers({
        // Who sent the file chose its type: a browser is to save it, and to guess no other.
        'content-type': MIMETYPE.test(mimetype) ? mimetype : 'application/octet-stream',
        'content-disposition': disposition(fileName),
        'x-content-type-options': 'nosniff',
        'cache-control': 'private',
        'accept-ranges': 'bytes',
        ...(sha256 && { etag: `"${sha256}"` }),
      });
      if (part) void reply.code(206).header('content-range', `bytes ${part.start}-${part.end - 1}/${length}`);
      void reply.header('content-length', part ? part.end - part.start : length);
      return reply.send(bytes);
    },
  );
}

/** From `start` to before `end`; null for the whole. */
function partOf(header: string | undefined, length: number): { start: number; end: number } | 'outside' | null {
  const [, from = '', to = ''] = RANGE.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  const start = from === '' ? Math.max(length - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? length : Math.min(Number(to) + 1, length);
  return start < end ? { start, end } : 'outside';
}

function disposition(fileName: string | null): string {
  if (fileName === null) return 'attachment';
  const encoded = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}
