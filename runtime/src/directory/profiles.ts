/** Pictures and about texts, as WhatsApp shows them to one session's account: asked for by budget, fetched through its proxy. */
import { LookUps, type UsedUp } from '../contacts/contacts.ts';
import { RuntimeError } from '../errors.ts';
import type { Jid } from '../ids.ts';
import { download, type About, type LiveSocket, type PictureSize, type Session } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';
import { answered } from './groups.ts';

export interface ProfileSettings {
  lookUpsPerHour: number;
  timeoutMs: number;
  /** The media host may be anywhere: this is a sandbox. */
  anyHost: boolean;
}

interface ProfilesDeps {
  rows: KeyValue;
  session(): Session | undefined;
  settings: ProfileSettings;
  stopping: AbortSignal;
  now(): number;
}

const KEEP_MS = 3_600_000;
const LARGEST_BYTES = 5 * 1024 * 1024;
const JPEG = 0xff_d8;

export class Profiles {
  readonly #deps: ProfilesDeps;
  readonly #lookUps: LookUps;

  constructor(deps: ProfilesDeps) {
    this.#deps = deps;
    this.#lookUps = new LookUps(deps.rows, deps.settings.lookUpsPerHour, deps.now);
  }

  /** Throws `look_ups_used_up`, `session_not_connected`, `no_answer`. */
  about(of: Jid): Promise<About> {
    return this.#find(`about|${of}`, (live) => live.askAbout(of));
  }

  /** A JPEG. Throws as `about`, `picture_not_found`, and what fetching it throws. */
  async picture(of: Jid, size: PictureSize): Promise<Buffer> {
    const key = `picture|${size}|${of}`;
    const { url } = await this.#find(key, async (live) => ({ url: await live.askPicture(of, size) }));
    if (url === null) throw new RuntimeError('picture_not_found');
    try {
      return await this.#fetch(new URL(url));
    } catch (error) {
      // It was changed or removed meanwhile: who asks again is told where it is now.
      if (error instanceof RuntimeError && error.code === 'media_gone') await this.#lookUps.forget(key);
      throw error;
    }
  }

  async #find<Answer extends object>(key: string, ask: (live: LiveSocket) => Promise<Answer>): Promise<Answer> {
    const found: Answer | UsedUp = await this.#lookUps.find<Answer>(
      key,
      () => {
        const live = this.#deps.session()?.live();
        if (!live) throw new RuntimeError('session_not_connected');
        return answered(ask(live));
      },
      () => KEEP_MS,
    );
    if (!('until' in found)) return found;
    const retryAfter = Math.ceil((found.until - this.#deps.now()) / 1_000);
    throw new RuntimeError('look_ups_used_up', { retryAfter });
  }

  async #fetch({ href: url, pathname, search }: URL): Promise<Buffer> {
    const { settings, stopping: signal } = this.#deps;
    const wayOut = this.#deps.session()?.openWayOut() ?? null;
    const place = { url, directPath: pathname + search };
    try {
      const parts: Uint8Array[] = [];
      let length = 0;
      for await (const part of download(place, { ...settings, dispatcher: wayOut?.dispatcher ?? null, signal })) {
        parts.push(part);
        length += part.length;
        if (length > LARGEST_BYTES)
          throw new RuntimeError('media_corrupt', { details: ['it is larger than pictures are'] });
      }
      const bytes = Buffer.concat(parts);
      if (length < 3 || bytes.readUInt16BE(0) !== JPEG)
        throw new RuntimeError('media_corrupt', { details: ['it is no JPEG'] });
      return bytes;
    } finally {
      await wayOut?.close();
    }
  }
}
