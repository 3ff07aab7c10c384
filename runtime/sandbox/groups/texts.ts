/** What is written about a group, by whom and when. */
import type { Person } from '../directory.ts';
import { GroupRefusal } from './refusal.ts';

export interface Written {
  readonly text: string;
  readonly by: Person;
  readonly at: Date;
}

export interface Description extends Written {
  readonly id: string;
}

/** WhatsApp's limits, in characters. */
const MAX_SUBJECT = 100;
const MAX_DESCRIPTION = 2048;

/** Throws a refusal for a subject WhatsApp does not take. */
export function writeSubject(text: string, by: Person): Written {
  if (!text || [...text].length > MAX_SUBJECT) {
    throw new GroupRefusal(406, `a subject has 1 to ${MAX_SUBJECT} characters`);
  }
  return { text, by, at: new Date() };
}

/** Throws a refusal for a description that is too long. */
export function writeDescription(text: string, id: string, by: Person): Description {
  if ([...text].length > MAX_DESCRIPTION) {
    throw new GroupRefusal(406, `a description has at most ${MAX_DESCRIPTION} characters`);
  }
  return { text, id, by, at: new Date() };
}
