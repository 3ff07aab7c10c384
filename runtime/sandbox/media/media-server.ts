/** The HTTPS server clients upload encrypted files to and download them from, whole or in part; pictures are there too. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as after } from 'node:timers/promises';
import { listening } from '../listening.ts';
import { issueCertificate } from './certificate.ts';
import { MEDIA_FOLDERS } from './media.ts';
import type { Media, MediaFaults, MediaFolder } from './media.ts';

/** More than any test needs, and less than would hurt the machine. WhatsApp takes documents of 2 GB. */
const MAX_UPLOAD_BYTES = 128 * 1024 * 1024;
const UPLOAD = /^\/mms\/([a-z-]+)\/([\w-]+)$/;
const RANGE = /^bytes=(\d*)-(\d*)$/;

export interface MediaServer {
  readonly port: number;
  /** PEM of the authority that issued its certificate. */
  readonly authority: string;
  readonly faults: MediaFaults;
  /** Removes the file at a direct path, as WhatsApp does after some weeks. False when there was none. */
  forget(directPath: string): boolean;
  /** Stops listening and cuts everybody, as a host that is down. */
  goDown(): Promise<void>;
  /** Listens again where it did. */
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

/** An upload or download that is refused, with the HTTP status that says why. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message = 'refused') {
    super(message);
    this.status = status;
  }
}

/** What is at a path of the host, beside encrypted files. */
type FindPicture = (path: string) => Buffer | undefined;

/** Makes a certificate, listens on any free port, and tells `media` where it is. */
export async function openMediaServer(host: string, media: Media, pictureAt: FindPicture): Promise<MediaServer> {
  const { authority, certificate: cert, key } = await issueCertificate(host);
  const closing = new AbortController();
  const https = createServer({ cert, key }, (request, response) => {
    respond(media, pictureAt, { request, response }, closing.signal).catch((error: unknown) => {
      if (!(error instanceof Refused) || response.headersSent) return void response.destroy();
      response.writeHead(error.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: error.message }));
    });
  });
  const listener = await listening(https, { host, port: 0 });
  const { port, goDown, comeUp } = listener;
  media.hostname = `${host}:${port}`;
  return {
    port,
    authority,
    faults: media.faults,
    forget: (directPath) => media.forget(directPath),
    goDown,
    comeUp,
    async close() {
      closing.abort();
      await listener.close();
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function respond(
  media: Media,
  pictureAt: FindPicture,
  { request, response }: Exchange,
  closing: AbortSignal,
): Promise<void> {
  const { faults } = media;
  const { method, url = '/' } = request;
  if (faults.hang) return;
  if (faults.delayMs > 0) await after(faults.delayMs, undefined, { signal: closing });
  if (method === 'POST') {
    const place = media.keep(...(await takeUpload(media, url, request)));
    response.writeHead(200, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify({ url: place.url, direct_path: place.directPath }));
  }
  if (method !== 'GET' && method !== 'HEAD') throw new Refused(405, 'only uploads and downloads');
  if (faults.downloadStatus !== null) throw new Refused(faults.downloadStatus);
  const picture = pictureAt(url);
  const file = picture ?? media.find(url);
  if (!file) throw new Refused(404, 'no such file');
  const type = picture ? 'image/jpeg' : 'application/octet-stream';
  sendFile(media, faults.flipByte ? flipped(file) : file, type, { request, response });
}

/** Reads an upload whole. Throws when it is refused: by its place, its authorization, its size or its hash. */
async function takeUpload(media: Media, url: string, request: IncomingMessage): Promise<[MediaFolder, Buffer]> {
  const { pathname, searchParams } = new URL(url, 'https://media');
  const [, kind, token = ''] = UPLOAD.exec(pathname) ?? [];
  const folder = MEDIA_FOLDERS.find((each) => each === kind);
  if (!folder) throw new Refused(404, `nothing is uploaded to ${pathname}`);
  if (!same(searchParams.get('auth') ?? '', media.auth)) throw new Refused(401, 'not authorized');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_UPLOAD_BYTES) throw new Refused(413, `a file may have ${MAX_UPLOAD_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (media.faults.uploadStatus !== null) throw new Refused(media.faults.uploadStatus);
  const bytes = Buffer.concat(chunks);
  if (createHash('sha256').update(bytes).digest('base64url') !== token) throw new Refused(400, 'the hash is another');
  return [folder, bytes];
}

function sendFile(
  { faults }: Media,
  file: Buffer,
  type: string,
  { request: { method, headers }, response }: Exchange,
): void {
  const range = rangeOf(headers.range, file.length);
  const part = range ? file.subarray(range.start, range.end + 1) : file;
  response.writeHead(range ? 206 : 200, {
    'content-type': type,
    'content-length': part.length,
    'accept-ranges': 'bytes',
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${file.length}` }),
  });
  if (method === 'HEAD') return void response.end();
  if (!faults.truncate) return void response.end(part);
  response.write(part.subarray(0, part.length >> 1), () => response.destroy());
}

/** The one part asked for, both ends included; null for the whole. Throws 416 for what the file does not have. */
function rangeOf(header: string | undefined, length: number): { start: number; end: number } | null {
  const [, from = '', to = ''] = RANGE.exec(header ?? '') ?? [];
  if (from === '' && to === '') return null;
  const start = from === '' ? Math.max(length - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (start > end) throw new Refused(416, `the file has ${length} bytes`);
  return { start, end };
}

function flipped(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}

const same = (given: string, wanted: string): boolean =>
  given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
