/** What a handler of one kind of query gets, and the table such handlers stand in. */
import type { LinkedDevice } from '../linked-device.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';

export interface Query {
  readonly world: World;
  readonly device: LinkedDevice;
  /** What is asked about: the first child of the iq. */
  readonly about: Stanza;
  /** Everything in the iq, where several children matter. */
  readonly request: Stanza;
  /** Answers, once. An `<error>` makes the whole answer an error. */
  readonly reply: (...content: Stanza[]) => void;
}

/** Handlers by `namespace/type/child`, such as `w:p/get/ping`. */
export type QueryTable = Readonly<Record<string, (query: Query) => void>>;
