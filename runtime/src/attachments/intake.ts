/** From what a caller gives to a sealed file and what a message says of it. */
import { createHash } from 'node:crypto';
import { fileTypeFromBuffer } from 'file-type';
import type { FileKind } from '../content.ts';
import { RuntimeError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { GivenFile, TakenFile } from './attachments.ts';
import { shownType, takenTypes } from './kinds.ts';
import type { Shelf } from './shelf.ts';

const UNKNOWN_TYPE = 'application/octet-stream';

export class Intake {
  readonly #shelf: Shelf;
  readonly #maxBytes: number;

  constructor(shelf: Shelf, maxBytes: number) {
    this.#shelf = shelf;
    this.#maxBytes = maxBytes;
  }

  async take(session: SessionId, { kind, base64, mimetype }: GivenFile): Promise<TakenFile> {
    const bytes = decode(base64);
    if (bytes.length > this.#maxBytes) throw new RuntimeError('file_too_large');
    const shown = await typeOf(kind, bytes, mimetype);
    const source = createHash('sha256').update(bytes).digest('hex');
    const file = await this.#shelf.put(session, once(bytes));
    return { ...file, facts: { source, bytes: bytes.length, mimetype: shown } };
  }
}

/** Throws `file_not_usable` when phones do not show such a file as this kind. */
async function typeOf(kind: FileKind, bytes: Buffer, said: string | undefined): Promise<string> {
  const found = (await fileTypeFromBuffer(bytes))?.mime;
  if (kind === 'document') return said ?? found ?? UNKNOWN_TYPE;
  const shown = found === undefined ? null : shownType(kind, found);
  if (shown !== null) return shown;
  const is = found === undefined ? 'is of no known type' : `is ${found}`;
  throw new RuntimeError('file_not_usable', { details: [`the file ${is}; as ${kind} it may be ${takenTypes(kind)}`] });
}

/** Strict, as a damaged file would be sent otherwise; a data URL is taken by what follows its comma. */
function decode(text: string): Buffer {
  const encoded = text.replace(/^data:[^,]{0,200};base64,/, '').replace(/\s+/g, '');
  const bytes = Buffer.from(encoded, 'base64');
  const whole =
    bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
  if (!whole || bytes.length === 0) {
    throw new RuntimeError('invalid_request', { details: ['base64: must be the bytes of a file in base64'] });
  }
  return bytes;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
