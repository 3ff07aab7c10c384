/**
 * What happens in a sandbox, as server-sent events for whoever watches over HTTP. A reader gets what happens from when it
 * came; what was before, and what it missed while it was away, it asks for.
 */
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Contact } from './contact.ts';
import type { SandboxEvents } from './events.ts';
import { entryView } from './screen-view.ts';

/** A reader that has so much still to take does not read: it is cut, and may come again. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1_000;

type Events = EventEmitter<SandboxEvents>;
type Told<Name extends keyof SandboxEvents> = SandboxEvents[Name][0];

/** Every event of the feed by its name, for people. */
export const FEED_EVENTS = {
  account: 'There is a new account.',
  contact: 'There is a new contact.',
  group: 'A group was made or changed.',
  linked: 'A client was linked to an account.',
  online: 'A linked device of an account logged in.',
  offline: 'A linked device of an account is gone.',
  message: 'A contact received a message: its row on the screen.',
  said: 'A contact wrote a message: its row, as with own=true.',
  changed: 'A row changed: by a reaction, an edit, a deletion or a vote.',
  receipt: 'A receipt came back to a contact.',
  presence: 'A client shows that it is online, offline, typing, recording or paused.',
  call: 'A call reached a state.',
  fault: 'A fault begun, ended, or happened once.',
} as const;

const rowOf = ({ contact, messageId }: { contact: Contact; messageId: string }) => {
  const entry = contact.entry(messageId);
  return { contact: contact.phone, message: entry ? entryView(entry, contact) : null };
};

export class EventFeed {
  readonly #readers = new Set<ServerResponse>();
  #nextId = 1;

  constructor(events: Events) {
    this.#follow(events, 'account', 'account', ({ phone, jid, lid }) => ({ phone, jid, lid }));
    this.#follow(events, 'contact', 'contact', ({ phone, jid, lid, name }) => ({ phone, jid, lid, name }));
    this.#follow(events, 'group', 'group', ({ jid, subject }) => ({ jid, subject: subject.text }));
    this.#follow(events, 'linked', 'linked', (event) => event);
    this.#follow(events, 'login', 'online', (event) => event);
    this.#follow(events, 'closed', 'offline', (event) => event);
    this.#follow(events, 'message', 'message', rowOf);
    this.#follow(events, 'said', 'said', rowOf);
    this.#follow(events, 'changed', 'changed', rowOf);
    this.#follow(events, 'receipt', 'receipt', ({ contact, ...event }) => ({ contact: contact.phone, ...event }));
    this.#follow(events, 'presence', 'presence', (event) => event);
    this.#follow(events, 'call', 'call', (event) => event);
    this.#follow(events, 'fault', 'fault', (event) => event);
  }

  /** Who reads now. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Answers a request with all that happens from now on, until the reader leaves. */
  open(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
  }

  #follow<Name extends keyof SandboxEvents>(
    events: Events,
    name: Name,
    as: keyof typeof FEED_EVENTS,
    view: (event: Told<Name>) => object,
  ): void {
    const listener = (event: Told<Name>) => {
      if (this.#readers.size > 0) this.#tell(as, view(event));
    };
    events.on<keyof SandboxEvents>(name, listener as (event: Told<keyof SandboxEvents>) => void);
  }

  #tell(name: string, data: object): void {
    const text = `id: ${this.#nextId++}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const reader of this.#readers) {
      if (reader.writableLength > MAX_WAITING_BYTES) reader.destroy();
      else reader.write(text);
    }
  }
}
