/** What a person shows of itself beside name and picture: about text, business profile, default message timer. */
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

export class Profile {
  #about: About = { text: 'Hey there! I am using WhatsApp.', at: new Date() };
  #timer: MessageTimer = { seconds: 0, at: new Date(0) };
  /** Null for somebody who is no business. */
  business: BusinessProfile | null = null;

  get about(): About {
    return this.#about;
  }

  get timer(): MessageTimer {
    return this.#timer;
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
