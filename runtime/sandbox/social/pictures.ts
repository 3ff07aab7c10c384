/** Pictures of people and groups: kept here, named in stanzas by an address, and served at it by the media host. */
import { randomBytes } from 'node:crypto';
import type { Person } from '../directory.ts';
import type { Group } from '../groups/groups.ts';

/** The small one that lists show, and the large one. */
export type PictureSize = 'preview' | 'image';

export interface Picture {
  /** Picture ids are numbers that only ever grow. */
  readonly id: string;
  /** The address of each size; it cannot be guessed, and ends with the picture. */
  readonly paths: Readonly<Record<PictureSize, string>>;
}

/** Where pictures are on the media host. */
const PICTURE_FOLDER = '/pictures/';
const FIRST_ID = 1_700_000_000;

export class Pictures {
  readonly #pictures = new Map<Person | Group, Picture>();
  readonly #files = new Map<string, Buffer>();
  #lastId = FIRST_ID;

  of(subject: Person | Group): Picture | undefined {
    return this.#pictures.get(subject);
  }

  /** Takes JPEGs; null removes the picture. Throws for what is no JPEG, and changes nothing then. */
  set(subject: Person | Group, image: Buffer | null, preview = image): Picture | null {
    if (image && !(isJpeg(image) && preview && isJpeg(preview))) throw new Error('a picture must be a JPEG');
    for (const path of Object.values(this.#pictures.get(subject)?.paths ?? {})) this.#files.delete(path);
    this.#pictures.delete(subject);
    if (!image || !preview) return null;
    const folder = `${PICTURE_FOLDER}${randomBytes(12).toString('hex')}`;
    const paths = { image: `${folder}/image.jpg`, preview: `${folder}/preview.jpg` };
    const picture = { id: String(++this.#lastId), paths };
    this.#files.set(paths.image, image).set(paths.preview, preview);
    this.#pictures.set(subject, picture);
    return picture;
  }

  /** The JPEG at a path of the host; undefined for a picture that is gone or never was. */
  file(path: string): Buffer | undefined {
    return this.#files.get(path);
  }
}

const isJpeg = (bytes: Buffer): boolean => bytes.length > 3 && bytes.readUIntBE(0, 3) === 0xff_d8_ff;
