/** Pictures and stickers. */
import sharp, { type Sharp } from 'sharp';
import { RuntimeError } from '../errors.ts';

/** The longer side of what shows until the picture itself has come; WhatsApp's own are about as large. */
const THUMBNAIL_PX = 100;
const STICKER_PX = 512;
/** What WhatsApp takes: 100 KB for a sticker that stands still, 500 KB for one that moves. */
const STICKER_BYTES = { still: 100_000, moving: 500_000 };
const STICKER_QUALITIES = [80, 60, 40, 20, 5];
/** More than any camera makes, less than would fill the memory when it is unpacked. */
const MAX_PIXELS = 100_000_000;

export interface Shown {
  /** JPEG in base64. */
  thumbnail: string;
  width: number;
  height: number;
}

const open = (bytes: Buffer, options = {}): Sharp => sharp(bytes, { limitInputPixels: MAX_PIXELS, ...options });

/** Throws `file_not_usable` for what is no picture inside. */
async function readable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new RuntimeError('file_not_usable', { details: ['it could not be read: it may be damaged'], cause: error });
  }
}

/** What a message says of a picture: its size the way it is held, and a small one. */
export function thumbnailOf(bytes: Buffer): Promise<Shown> {
  return readable(
    (async () => {
      const { autoOrient } = await open(bytes).metadata();
      const size = { width: THUMBNAIL_PX, height: THUMBNAIL_PX, fit: 'inside', withoutEnlargement: true } as const;
      const small = await open(bytes)
        .autoOrient()
        .flatten({ background: 'white' })
        .resize(size)
        .jpeg({ quality: 50 })
        .toBuffer();
      return { thumbnail: small.toString('base64'), width: autoOrient.width, height: autoOrient.height };
    })(),
  );
}

/** A JPEG of a picture that phones do not show. */
export const makeJpeg = (bytes: Buffer): Promise<Buffer> =>
  readable(open(bytes).autoOrient().flatten({ background: 'white' }).jpeg({ quality: 90 }).toBuffer());

/** A sticker: 512 by 512, moving if the picture moves, and as small in bytes as they must be. What is one already stays. */
export function makeSticker(bytes: Buffer, found: string): Promise<{ bytes: Buffer; animated: boolean }> {
  return readable(
    (async () => {
      const { width, height, pageHeight, pages = 1 } = await open(bytes, { animated: true }).metadata();
      const animated = pages > 1;
      const limit = animated ? STICKER_BYTES.moving : STICKER_BYTES.still;
      const fits = found === 'image/webp' && width === STICKER_PX && (pageHeight ?? height) === STICKER_PX;
      if (fits && bytes.length <= limit) return { bytes, animated };
      const size = {
        width: STICKER_PX,
        height: STICKER_PX,
        fit: 'contain',
        background: { r: 0, g: 0, b: 0, alpha: 0 },
      } as const;
      for (const quality of STICKER_QUALITIES) {
        const made = await open(bytes, { animated }).autoOrient().resize(size).webp({ quality, effort: 4 }).toBuffer();
        if (made.length <= limit) return { bytes: made, animated };
      }
      throw new Error('the sticker stays too large');
    })(),
  );
}
