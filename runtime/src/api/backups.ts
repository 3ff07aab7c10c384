/** One session as a file, and back. By POST, since a passphrase in an address would end up in logs. */
import { Type } from 'typebox';
import { parseSessionId } from '../ids.ts';
import type { Api, ApiDeps } from './api.ts';
import { ok } from './replies.ts';
import * as schemas from './schemas.ts';

/** An account with thousands of contacts takes some megabytes. */
const LARGEST_BACKUP_BYTES = 64 * 1024 * 1024;

const closed = { additionalProperties: false };
const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]+=*$' });
const Passphrase = Type.String({ minLength: 12, maxLength: 1_024, description: 'At least 12 characters.' });
const Backup = Type.Object(
  {
    ...{ format: Type.String(), version: Type.Integer(), sessionId: Type.String(), createdAt: Type.Integer() },
    ...{ salt: Base64, iv: Base64, tag: Base64, data: Base64 },
  },
  closed,
);
const MakeBackup = Type.Object({ passphrase: Passphrase }, closed);
const MadeBackup = Type.Object({ backup: Backup });
const RestoreBackup = Type.Object({ backup: Backup, passphrase: Passphrase }, closed);

export function backupRoutes(app: Api, { backups }: ApiDeps): void {
  app.post(
    '/sessions/:sessionId/backup',
    {
      schema: {
        summary: 'Back up a session under a passphrase; keep the link from running twice',
        params: schemas.SessionParams,
        body: MakeBackup,
        response: schemas.answers(200, MadeBackup),
      },
    },
    async (request) =>
      ok({ backup: await backups.make(parseSessionId(request.params.sessionId), request.body.passphrase) }),
  );

  app.post(
    '/sessions/restore',
    {
      bodyLimit: LARGEST_BACKUP_BYTES,
      schema: {
        summary: 'Restore a session from a backup; it stays at rest until you reconnect it',
        body: RestoreBackup,
        response: schemas.answers(201, schemas.Session),
      },
    },
    async (request, reply) => {
      const session = await backups.restore(request.body.backup, request.body.passphrase);
      return reply.code(201).send(ok(session.info()));
    },
  );
}
