/** What shows of the first web address in a text: title, description and a small picture, as its page says. */
import { TextDecoder } from 'node:util';
import { Parser } from 'htmlparser2';
import type { LinkPreview } from '../content.ts';
import { fetchFile, type FetchWay } from './fetching.ts';
import { thumbnailOf } from './pictures.ts';

/** Only a page's head is wanted, and nobody waits long for it. */
const PAGE_BYTES = 512 * 1024;
const PICTURE_BYTES = 5 * 1024 * 1024;
const TIMEOUT_MS = 5_000;
const MAX_TITLE = 256;
const MAX_DESCRIPTION = 512;
const PAGES = new Set(['text/html', 'application/xhtml+xml']);

/** The first address in a text that begins with http or https, without what ends the sentence around it. */
export function firstAddress(text: string): string | null {
  const [found] = /https?:\/\/[^\s<>"]+/i.exec(text) ?? [];
  const address = found?.replace(/(?<![.,;:!?'”’»])[.,;:!?'”’»]+$/, '').replace(/^([^(]*)\)$/, '$1');
  return address !== undefined && URL.canParse(address) ? address : null;
}

/** Null when there is no title to be had. Throws what fetching throws. */
export async function previewOf(way: FetchWay, address: string): Promise<LinkPreview | null> {
  const page = await fetchFile(way, address, { maxBytes: PAGE_BYTES, timeoutMs: TIMEOUT_MS, cut: true });
  const isPage = PAGES.has(page.mimetype ?? '');
  const said = isPage ? await readHead(page.bytes, page.charset) : new Map<string, string>();
  page.close();
  const title = shortened(said.get('og:title') ?? said.get('title'), MAX_TITLE);
  if (title === '') return null;
  const picture = said.get('og:image:secure_url') ?? said.get('og:image');
  const thumbnail = picture === undefined ? undefined : await smallPicture(way, picture, page.url);
  const description = shortened(said.get('og:description') ?? said.get('description'), MAX_DESCRIPTION);
  return { address, title, ...(description !== '' && { description }), ...(thumbnail && { thumbnail }) };
}

/** A page without its picture is still shown. */
async function smallPicture(way: FetchWay, address: string, page: URL): Promise<string | undefined> {
  try {
    const url = new URL(address, page).href;
    const { bytes } = await fetchFile(way, url, { maxBytes: PICTURE_BYTES, timeoutMs: TIMEOUT_MS });
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of bytes) {
      length += chunk.length;
      if (length > PICTURE_BYTES) return undefined;
      chunks.push(chunk);
    }
    return (await thumbnailOf(Buffer.concat(chunks))).thumbnail;
  } catch {
    return undefined;
  }
}

/** What the head of a page says of it; the first of each name counts. */
async function readHead(bytes: AsyncIterable<Uint8Array>, charset: string | undefined): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  let over = false;
  const note = (name: string | undefined, value: string | undefined) => {
    const key = name?.toLowerCase() ?? '';
    if (!over && key !== '' && value !== undefined && !said.has(key)) said.set(key, value);
  };
  let title: string | null = null;
  const parser = new Parser({
    onopentag(tag, { property, name, content }) {
      if (tag === 'meta') note(property ?? name, content);
      if (tag === 'title') title = '';
      if (tag === 'body') over = true;
    },
    ontext(text) {
      if (title !== null) title += text;
    },
    onclosetag(tag) {
      if (tag === 'title' && title !== null) note('title', title);
      if (tag === 'title') title = null;
      if (tag === 'head') over = true;
    },
  });
  const decoder = decoderOf(charset);
  for await (const chunk of bytes) {
    parser.write(decoder.decode(chunk, { stream: true }));
    if (over) break;
  }
  parser.end();
  return said;
}

function decoderOf(charset: string | undefined): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

const shortened = (text: string | undefined, length: number): string =>
  (text ?? '').replace(/\s+/g, ' ').trim().slice(0, length);
