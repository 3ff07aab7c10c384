/** How near the sandbox comes to WhatsApp, row by row; `npm run docs:gen` makes FIDELITY.md of it. */
import { ABSENT } from './absent.ts';
import { CONNECTING } from './connecting.ts';
import { GROUPS } from './groups.ts';
import { MESSAGES } from './messages.ts';
import { OWN_PHONE } from './own-phone.ts';
import { PEOPLE } from './people.ts';
import type { FidelityRow } from './row.ts';
import { TROUBLE } from './trouble.ts';

export { INNER_WORKINGS } from './inner-workings.ts';
export type { FidelityRow, NamedTest } from './row.ts';

/** The rows by area, in the order of the page. */
export const FIDELITY: Readonly<Record<string, readonly FidelityRow[]>> = {
  'Connecting and linking': CONNECTING,
  'Messages and files': MESSAGES,
  People: PEOPLE,
  Groups: GROUPS,
  "The account's own phone": OWN_PHONE,
  'What goes wrong': TROUBLE,
  'Not in the sandbox': ABSENT,
};
