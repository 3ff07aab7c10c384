/**
 * Who is online and who is typing, told to those who may know, as WhatsApp does: somebody's presence goes to clients that
 * subscribed to it and are online themselves, chat states to clients that are online. Both go to open connections only,
 * and a subscription ends with its connection.
 */
import type { Connection } from '../connection.ts';
import type { Addressing, Person } from '../directory.ts';
import type { Group } from '../groups/groups.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import { node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Privacy } from './privacy.ts';

/** What somebody shows in a chat. */
export type ChatState = 'composing' | 'recording' | 'paused';

interface Watcher {
  readonly person: Person;
  readonly addressing: Addressing;
}

/** Where a person can be seen online: on the phone, or on a client's connection. */
type Place = Connection | 'phone';

export class Presence {
  readonly #privacyOf: (person: Person) => Privacy;
  readonly #online = new Map<Person, Set<Place>>();
  readonly #lastSeen = new Map<Person, Date>();
  readonly #watchers = new Map<Person, Map<Connection, Watcher>>();

  constructor(privacyOf: (person: Person) => Privacy) {
    this.#privacyOf = privacyOf;
  }

  isOnline(person: Person): boolean {
    return this.#online.has(person);
  }

  comesOnline(person: Person, place: Place): void {
    const before = this.#online.get(person);
    if (before) return void before.add(place);
    this.#online.set(person, new Set([place]));
    this.#tell(person);
  }

  /** Leaves one place; who is in no other is offline from then on. */
  goesOffline(person: Person, place: Place, lastSeen = new Date()): void {
    const places = this.#online.get(person);
    if (!places?.delete(place) || places.size > 0) return;
    this.#online.delete(person);
    this.#lastSeen.set(person, lastSeen);
    this.#tell(person);
  }

  /** A client wants to know of somebody, under the address it asked by; what holds now it is told at once. */
  subscribe(connection: Connection, watcher: Watcher, subject: Person): void {
    const watchers = this.#watchers.get(subject) ?? new Map<Connection, Watcher>();
    this.#watchers.set(subject, watchers.set(connection, watcher));
    this.#tellOne(subject, connection, watcher);
  }

  unsubscribe(connection: Connection, subject: Person): void {
    this.#watchers.get(subject)?.delete(connection);
  }

  /** Forgets a connection that has ended: where its person was seen, and what it subscribed to. */
  forget(connection: Connection, person: Person): void {
    for (const watchers of this.#watchers.values()) watchers.delete(connection);
    this.goesOffline(person, connection);
  }

  /** Shows somebody typing, recording or pausing in the chat with a person. */
  showIn(to: Person, from: Person, state: ChatState): void {
    if (this.#privacyOf(from).blocked.has(to) || this.#privacyOf(to).blocked.has(from)) return;
    for (const { id, connection } of this.#devicesOnline(to)) {
      const addressing = from.hidesNumber ? 'lid' : (this.#watchers.get(from)?.get(connection)?.addressing ?? 'lid');
      const attrs = { from: from.addressOn(0, addressing), to: to.addressOn(id, addressing) };
      connection.send(node('chatstate', attrs, [stateStanza(state)]));
    }
  }

  /** Shows somebody typing, recording or pausing in a group, to its other members. */
  showInGroup({ jid, addressing, roster }: Group, from: Person, state: ChatState): void {
    for (const member of roster.people) {
      if (member === from) continue;
      for (const { id, connection } of this.#devicesOnline(member)) {
        const attrs = { from: jid, participant: from.addressOn(0, addressing), to: member.addressOn(id, addressing) };
        connection.send(node('chatstate', attrs, [stateStanza(state)]));
      }
    }
  }

  #devicesOnline(person: Person): { id: number; connection: Connection }[] {
    const places = this.#online.get(person);
    return linkedDevicesOf(person).flatMap(({ id, connection }) =>
      connection && places?.has(connection) ? { id, connection } : [],
    );
  }

  #tell(subject: Person): void {
    for (const [connection, watcher] of this.#watchers.get(subject) ?? []) this.#tellOne(subject, connection, watcher);
  }

  #tellOne(subject: Person, connection: Connection, watcher: Watcher): void {
    if (!this.#online.get(watcher.person)?.has(connection)) return;
    const privacy = this.#privacyOf(subject);
    if (privacy.blocked.has(watcher.person)) return;
    // Who hides the last-seen time is not shown that of others.
    const showsLast = privacy.shows('last', watcher.person) && this.#privacyOf(watcher.person).value('last') !== 'none';
    if (!showsLast && privacy.value('online') === 'match_last_seen') return;
    const from = subject.addressOn(0, watcher.addressing);
    if (this.isOnline(subject)) return connection.send(node('presence', { from, type: 'available' }));
    const seen = this.#lastSeen.get(subject);
    const last = showsLast ? seen && String(Math.floor(seen.getTime() / 1000)) : 'deny';
    connection.send(node('presence', { from, type: 'unavailable', ...(last && { last }) }));
  }
}

/** On the wire, recording is composing with sound. */
const stateStanza = (state: ChatState): Stanza =>
  state === 'recording' ? node('composing', { media: 'audio' }) : node(state);
