/**
 * A session as a file: its record, its keys, its webhooks, what its owner chose for its sending and who opted out, under a
 * passphrase of the caller's. What it received and sent, and what still waits to be sent, is not in it.
 *
 * Version 1 is JSON, compressed by gzip and sealed with AES-256-GCM under a key that scrypt (N 2^15, r 8, p 1) derives from
 * passphrase and salt; the open fields are authenticated with it. The numbers belong to the version and are not read from
 * the file, which could otherwise ask for any amount of work.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { RuntimeError } from './errors.ts';
import { EVENT_NAMES, type EventName } from './events.ts';
import { parseSessionId, type SessionId } from './ids.ts';
import type { OptOut, Outboxes, OutboxSettings } from './outbox/outbox.ts';
import type { ExportedSession, Session, Sessions } from './session/session.ts';
import type { ExportedSubscription, Webhooks } from './webhook/webhook.ts';

export interface Backup {
  format: string;
  version: number;
  sessionId: string;
  /** ms since 1970. */
  createdAt: number;
  /** These and what follows in base64. */
  salt: string;
  iv: string;
  tag: string;
  data: string;
}

export interface Backups {
  /** Throws `session_not_found`, `session_not_linked`. */
  make(session: SessionId, passphrase: string): Promise<Backup>;
  /**
   * Makes the session of a backup, at rest. Throws `wrong_passphrase`, `invalid_backup`, and what creating a session and
   * subscribing throw; nothing of it is made then.
   */
  restore(backup: Backup, passphrase: string): Promise<Session>;
}

/** As it is exported; of those made by earlier versions the filters are missing. */
type SavedWebhook = Pick<ExportedSubscription, 'url' | 'secret'> &
  Partial<Omit<ExportedSubscription, 'events'>> & { events: string[] };

interface Content {
  session: ExportedSession;
  webhooks: SavedWebhook[];
  /** Missing in what was made before these were kept. */
  sending?: { settings: OutboxSettings; optOuts: OptOut[] };
}

const FORMAT = 'whatsapp-session-backup';
const VERSION = 1;
const KEY_BYTES = 32;
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
/** A small file must not unfold into any amount of memory. */
const LARGEST_CONTENT = 256 * 1024 * 1024;

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
const compress = promisify<Buffer, Buffer>(gzip);
const unfold = promisify(gunzip) as (data: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;
const base64 = (text: string) => Buffer.from(text, 'base64');

interface Rooms {
  sessions: Sessions;
  webhooks: Webhooks;
  outboxes: Outboxes;
  now: () => number;
}

export function createBackups({ sessions, webhooks, outboxes, now }: Rooms): Backups {
  return {
    async make(id, passphrase) {
      const content: Content = {
        session: await sessions.exportSession(id),
        webhooks: await webhooks.export(id),
        sending: { settings: await outboxes.settings(id), optOuts: await outboxes.optOuts(id) },
      };
      return await lock(content, { format: FORMAT, version: VERSION, sessionId: id, createdAt: now() }, passphrase);
    },
    async restore(backup, passphrase) {
      const { session, webhooks: subscriptions, sending } = await unlock(backup, passphrase);
      const id = parseSessionId(backup.sessionId);
      for (const { url } of subscriptions) webhooks.check(url);
      return await sessions.importSession(id, session, async () => {
        for (const { events, ...subscription } of subscriptions) {
          const known = events.filter((name): name is EventName => EVENT_NAMES.includes(name as EventName));
          await webhooks.subscribe({ ...subscription, sessionId: id, events: known });
        }
        if (!sending) return;
        await outboxes.changeSettings(id, sending.settings);
        for (const { contact, basis, at } of sending.optOuts) await outboxes.optOut(id, contact, basis, at);
      });
    },
  };
}

type Head = Omit<Backup, 'salt' | 'iv' | 'tag' | 'data'>;

const openPart = ({ format, version, sessionId, createdAt }: Head) =>
  Buffer.from(JSON.stringify([format, version, sessionId, createdAt]));

async function lock(content: Content, head: Head, passphrase: string): Promise<Backup> {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, KEY_BYTES, COST), iv);
  cipher.setAAD(openPart(head));
  const plain = await compress(Buffer.from(JSON.stringify(content)));
  const data = Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
  const tag = cipher.getAuthTag().toString('base64');
  return { ...head, salt: salt.toString('base64'), iv: iv.toString('base64'), tag, data };
}

async function unlock(backup: Backup, passphrase: string): Promise<Content> {
  const { format, version, salt, iv, tag, data } = backup;
  if (format !== FORMAT || version !== VERSION || base64(iv).length !== 12 || base64(tag).length !== 16) {
    throw new RuntimeError('invalid_backup');
  }
  const decipher = createDecipheriv('aes-256-gcm', await derive(passphrase, base64(salt), KEY_BYTES, COST), base64(iv));
  decipher.setAAD(openPart(backup)).setAuthTag(base64(tag));
  let plain: Buffer;
  try {
    plain = Buffer.concat([decipher.update(base64(data)), decipher.final()]);
  } catch (error) {
    throw new RuntimeError('wrong_passphrase', { cause: error });
  }
  try {
    return JSON.parse((await unfold(plain, { maxOutputLength: LARGEST_CONTENT })).toString()) as Content;
  } catch (error) {
    throw new RuntimeError('invalid_backup', { cause: error });
  }
}
