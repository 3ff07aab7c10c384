/** Sending files: one route a kind. The file is taken in first, then the message accepted; both or neither stay. */
import type { Static, TObject } from 'typebox';
import type { GivenFile } from '../attachments/attachments.ts';
import type { FileContent } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import { parseRecipient, parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';
import * as kinds from './send-schemas.ts';
import { howOf, sent, type How } from './send.ts';

/** A file in base64 is held in memory as a whole. */
const LARGEST_INLINE_BYTES = 16 * 1024 * 1024;
const BODY_BYTES = Math.ceil(LARGEST_INLINE_BYTES / 3) * 4 + 256 * 1024;

/** What a message says besides its file. */
type Said = Omit<FileContent, 'file'>;
type FileBody = How & Pick<GivenFile, 'base64' | 'mimetype'>;

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
  fileRoute(app, deps, 'document', 'Send a document', kinds.SendDocument, ({ fileName, ...body }) => ({
    ...{ kind: 'document', fileName, ...captionOf(body) },
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
  const schema = { summary, body, headers: schemas.IdempotencyHeaders, response };
  const bodyLimit = Math.max(deps.bodyLimit, BODY_BYTES);
  app.post(`/messages/${name}`, { schema, bodyLimit }, async (request, reply) => {
    const given = request.body as Static<Body> & FileBody;
    const session = deps.sessions.requireLinked(parseSessionId(given.sessionId));
    const how = howOf(given, request);
    const said = read(given);
    const { base64, mimetype } = given;
    const file = await deps.attachments.take(session.id, { kind: said.kind, base64, mimetype });
    try {
      void reply.code(202);
      return ok(await sent(deps, session.id, { ...how, content: { ...said, file: file.facts }, file }, given, request));
    } finally {
      await file.discard();
    }
  });
}

function captionOf({ caption, mentions }: { caption?: string; mentions?: string[] }) {
  return {
    ...(caption !== undefined && { caption }),
    ...(mentions && { mentions: mentions.map(parseRecipient) }),
  };
}

const wrong = (problem: string) => new RuntimeError('invalid_request', { details: [problem] });
