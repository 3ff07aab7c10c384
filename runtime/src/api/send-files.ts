/**
 * Sending files: one route a kind. The file comes in base64, by its URL or as an upload; it is taken in first, then the message
 * is accepted; both or neither stay.
 */
import type { Static, TObject } from 'typebox';
import { addressOf, type GivenFile, type TakenFile } from '../attachments/attachments.ts';
import type { FileContent } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { parseRecipient, parseSessionId, type SessionId } from '../ids.ts';
import type { NewMessage } from '../outbox/outbox.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';
import * as kinds from './send-schemas.ts';
import { answered, howOf, sent, type How } from './send.ts';
import { fieldsAsBody, uploadIn, type Upload } from './uploads.ts';

/** A file in base64 is held in memory as a whole. */
const LARGEST_INLINE_BYTES = 16 * 1024 * 1024;
const BODY_BYTES = Math.ceil(LARGEST_INLINE_BYTES / 3) * 4 + 256 * 1024;
const WAYS =
  'The file is given as base64 or url, or the request is multipart/form-data with these fields and the file as its last part.';

/** What a message says besides its file. */
type Said = Omit<FileContent, 'file'>;
type FileBody = How & { base64?: string; url?: string; fileName?: string; mimetype?: string };

export function sendFileRoutes(app: Api, deps: ApiDeps): void {
  fileRoute(app, deps, 'image', 'Send a picture', kinds.SendImage, ({ viewOnce, ...body }) => ({
    ...{ kind: 'image', ...captionOf(body) },
    ...(viewOnce && { viewOnce }),
  }));
  fileRoute(app, deps, 'video', 'Send a video', kinds.SendVideo, ({ gif, note, viewOnce, ...body }) => {
    if (note && (gif || body.caption !== undefined)) throw wrong('note: has no caption and is not a gif');
    if (viewOnce && (gif || note)) throw wrong('viewOnce: is not for a gif or a note');
    return {
      ...{ kind: 'video', ...captionOf(body) },
      ...(gif && { gif }),
      ...(note && { note }),
      ...(viewOnce && { viewOnce }),
    };
  });
  fileRoute(app, deps, 'audio', 'Send music or a voice message', kinds.SendAudio, ({ voice, viewOnce }) => {
    if (viewOnce && !voice) throw wrong('viewOnce: is for voice messages only');
    return { kind: voice ? 'voice' : 'audio', ...(viewOnce && { viewOnce }) };
  });
  fileRoute(app, deps, 'document', 'Send a document', kinds.SendDocument, (body) => ({
    ...{ kind: 'document', ...captionOf(body) },
  }));
  fileRoute(app, deps, 'sticker', 'Send a sticker', kinds.SendSticker, () => ({ kind: 'sticker' }));
}

function fileRoute<Body extends TObject>(
  app: Api,
  deps: ApiDeps,
  name: string,
  summary: string,
  body: Body,
  read: (body: Static<Body>) => Said,
): void {
  const response = schemas.answers(202, schemas.Message);
  const consumes = ['application/json', 'multipart/form-data'];
  const schema = { summary, description: WAYS, consumes, body, headers: schemas.IdempotencyHeaders, response };
  const bodyLimit = Math.max(deps.bodyLimit, BODY_BYTES);
  app.post(`/messages/${name}`, { schema, bodyLimit, preValidation: fieldsAsBody(body) }, async (request, reply) => {
    const given = request.body as Static<Body> & FileBody;
    const session = deps.sessions.requireLinked(parseSessionId(given.sessionId));
    const how = howOf(given, request, deps.outboxes.profiles);
    const said = read(given);
    const upload = uploadIn(request);
    const from = sourceOf(given, upload);
    void reply.code(202);
    const before = 'url' in from ? await asked(deps, session.id, how, said, from.url) : null;
    if (before) return ok(await answered(deps, before, given, request));
    const { fileName = upload?.fileName, mimetype = upload?.mimetype } = given;
    const file = await deps.attachments.take(session.id, { kind: said.kind, from, fileName, mimetype, loop: said.gif });
    try {
      await upload?.end();
      const content = contentOf(said, file);
      return ok(await sent(deps, session.id, { ...how, content, file }, given, request));
    } finally {
      await file.discard();
    }
  });
}

/** Throws `invalid_request` unless there is one file. */
function sourceOf({ base64, url }: FileBody, upload: Upload | undefined): GivenFile['from'] {
  const [from, ...others] = [
    ...(base64 === undefined ? [] : [{ base64 }]),
    ...(url === undefined ? [] : [{ url }]),
    ...(upload === undefined ? [] : [{ stream: upload.bytes }]),
  ];
  if (!from || others.length > 0) throw wrong('base64: give the file as base64 or url or upload it, one of these');
  return from;
}

/** What was accepted under this Idempotency-Key before: its file is not fetched a second time. */
async function asked(
  { outboxes }: ApiDeps,
  session: SessionId,
  how: Omit<NewMessage, 'content'>,
  said: Said,
  url: string,
) {
  if (how.idempotencyKey === undefined) return null;
  const file = { source: '', address: addressOf(url), bytes: 0, mimetype: '' };
  return await outboxes.repeated(session, { ...how, content: { ...said, file } });
}

const contentOf = (said: Said, { facts, fileName }: TakenFile): FileContent => ({
  ...said,
  ...(said.kind === 'document' && { fileName }),
  file: facts,
});

function captionOf({ caption, mentions }: { caption?: string; mentions?: string[] }) {
  return {
    ...(caption !== undefined && { caption }),
    ...(mentions && { mentions: mentions.map(parseRecipient) }),
  };
}

const wrong = (problem: string) => new RuntimeError('invalid_request', { details: [problem] });
