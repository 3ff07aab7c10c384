/** What a person shows of itself beside the name: picture, about text, business profile, default message timer. */
import { randomInt } from 'node:crypto';

export interface Picture {
  /** Picture ids are numbers that only ever grow. */
  readonly id: string;
  readonly image: Buffer;
  /** The small one that lists show. */
  readonly preview: Buffer;
}

export interface BusinessProfile {
  readonly description?: string;
  readonly address?: string;
  readonly email?: string;
  readonly website?: string;
  readonly category?: string;
}

/** How long messages last in new chats; 0 seconds is for ever. */
export interface MessageTimer {
  readonly seconds: number;
  readonly at: Date;
}

export interface About {
  readonly text: string;
  readonly at: Date;
}

/** The longest about text WhatsApp takes, in characters. */
const MAX_ABOUT = 139;
/** The durations clients offer: off, a day, a week, ninety days. */
const TIMERS = [0, 86_400, 604_800, 7_776_000];

let lastPictureId = randomInt(1_000_000_000, 1_500_000_000);

export class Profile {
  #picture: Picture | null = null;
  #about: About = { text: 'Hey there! I am using WhatsApp.', at: new Date() };
  #timer: MessageTimer = { seconds: 0, at: new Date(0) };
  /** Null for somebody who is no business. */
  business: BusinessProfile | null = null;

  get picture(): Picture | null {
    return this.#picture;
  }

  get about(): About {
    return this.#about;
  }

  get timer(): MessageTimer {
    return this.#timer;
  }

  /** Takes a JPEG; null removes the picture. Throws for what is no JPEG. */
  setPicture(image: Buffer | null, preview: Buffer | null = image): Picture | null {
    if (image && preview) {
      if (!isJpeg(image) || !isJpeg(preview)) throw new Error('a profile picture must be a JPEG');
      this.#picture = { id: String(++lastPictureId), image, preview };
    } else {
      this.#picture = null;
    }
    return this.#picture;
  }

  /** Throws for a text longer than WhatsApp takes. */
  setAbout(text: string): void {
    if ([...text].length > MAX_ABOUT) throw new Error(`an about text may have ${MAX_ABOUT} characters`);
    this.#about = { text, at: new Date() };
  }

  /** Throws for a duration clients do not offer. */
  setTimer(seconds: number): void {
    if (!TIMERS.includes(seconds)) throw new Error(`messages may last ${TIMERS.join(', ')} seconds`);
    this.#timer = { seconds, at: new Date() };
  }
}

const isJpeg = (bytes: Buffer): boolean => bytes.length > 3 && bytes.readUIntBE(0, 3) === 0xff_d8_ff;
