/** Who is to hold which session: decided anew by every worker for itself, from what all of them see. No clock, no I/O. */
import { createHash } from 'node:crypto';

/** A worker as its heartbeat describes it. */
export interface Worker {
  id: string;
  /** The most sessions it takes. */
  capacity: number;
}

/** A session, and which worker's lease is on it; null while there is none. */
export interface Placed {
  id: string;
  holder: string | null;
  /** It is not to be given up now. */
  stays?: boolean;
}

export interface Plan {
  /** To be tried, in this order. */
  claim: string[];
  /** To be given up in good order, in this order. */
  shed: string[];
}

/**
 * What `self` is to do now. Each worker takes up to its fair share of all sessions: the lowest level at which all have a
 * place, below which workers with little capacity stay. It gives up what is above that only as far as others have room that
 * nobody else waits for, so that no session is without a place in between, and a balance that is reached stays.
 */
export function plan(self: string, workers: readonly Worker[], sessions: readonly Placed[]): Plan {
  if (!workers.some(({ id }) => id === self)) return { claim: [], shed: [] };
  const level = fairLevel(
    workers.map(({ capacity }) => capacity),
    sessions.length,
  );
  const held = new Map<string, number>();
  for (const { holder } of sessions) if (holder !== null) held.set(holder, (held.get(holder) ?? 0) + 1);
  const room = ({ id, capacity }: Worker) => Math.min(capacity, level) - (held.get(id) ?? 0);
  const mine = workers.filter(({ id }) => id === self).map(room)[0] ?? 0;
  const free = sessions.filter(({ holder }) => holder === null).map(({ id }) => id);
  if (mine >= 0) return { claim: inOrderOf(self, free).slice(0, mine), shed: [] };
  const elsewhere = workers.filter(({ id }) => id !== self).reduce((sum, worker) => sum + Math.max(0, room(worker)), 0);
  const own = sessions.filter(({ holder, stays }) => holder === self && !stays).map(({ id }) => id);
  const surplus = Math.min(-mine, Math.max(0, elsewhere - free.length));
  return { claim: [], shed: inOrderOf(self, own).reverse().slice(0, surplus) };
}

/** The worker with the most room for one more session; null when all are full. */
export function roomiest(workers: readonly (Worker & { held: number })[]): string | null {
  const room = workers.filter(({ capacity, held }) => held < capacity);
  // Of equals the one with the smaller id, so that all who ask at one time send it to the same.
  room.sort((a, b) => a.held / a.capacity - b.held / b.capacity || (a.id < b.id ? -1 : 1));
  return room[0]?.id ?? null;
}

/** The lowest number each may hold at the most with which all sessions have a place; the largest capacity when there is none. */
function fairLevel(capacities: readonly number[], sessions: number): number {
  let left = sessions;
  const rising = [...capacities].sort((a, b) => a - b);
  for (const [at, capacity] of rising.entries()) {
    const share = Math.ceil(left / (rising.length - at));
    if (share <= capacity) return share;
    left -= capacity;
  }
  return rising.at(-1) ?? 0;
}

/** Every worker has its own order, so that several who claim at one time seldom want the same. */
function inOrderOf(worker: string, ids: readonly string[]): string[] {
  const rank = (id: string) => createHash('md5').update(`${worker} ${id}`).digest('hex');
  return ids
    .map((id) => ({ id, rank: rank(id) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ id }) => id);
}
