/** How people talk with a session while something goes wrong: in words, or in pictures with words under them. */
import type { Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Received } from './receiver.ts';
import { SAMPLES } from './sample-files.ts';

export interface Talk {
  /** Somebody writes to the account. */
  say(somebody: Contact, account: ReturnType<Sandbox['account']>, text: string): Promise<unknown>;
  /** The route and the content of what the session writes. */
  answer(text: string): [string, object];
  /** Whether what was told can be had as it was sent; asked again until it can. */
  cameWhole(event: Received, fetchFile: (path: string) => Promise<Buffer | null>): Promise<boolean>;
  /** Whether what is on a screen is what was sent. */
  isShownWhole(row: Contact['screen'][number]): Promise<boolean>;
}

export const WORDS: Talk = {
  say: (somebody, account, text) => somebody.say(account, text),
  answer: (text) => ['/messages/text', { text }],
  cameWhole: async () => true,
  isShownWhole: async () => true,
};

const PICTURE = { kind: 'image', bytes: SAMPLES.jpeg, mime: 'image/jpeg' } as const;

export const PICTURES: Talk = {
  say: (somebody, account, text) => somebody.sendFile(account, { ...PICTURE, caption: text }),
  answer: (text) => ['/messages/image', { base64: SAMPLES.jpeg.toString('base64'), caption: text }],
  cameWhole: async ({ data }, fetchFile) => (await fetchFile(data.media.url))?.equals(SAMPLES.jpeg) ?? false,
  isShownWhole: async (row) => SAMPLES.jpeg.equals(await row.file()),
};

/** The bytes at an address of the runtime; null when it has none to give now. */
export const fileFrom =
  (base: string, key: string) =>
  async (path: string): Promise<Buffer | null> => {
    const response = await fetch(new URL(path, base), { headers: { authorization: `Bearer ${key}` } });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.ok ? bytes : null;
  };
