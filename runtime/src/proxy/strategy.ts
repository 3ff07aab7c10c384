/** Which of several proxies a session gets. Pure but for the turn that round-robin remembers. */
import type { ProxyStrategy } from '../proxy-list.ts';

export interface Candidate {
  id: string;
  weight: number;
  /** Sessions that have a place there. */
  sessions: number;
}

/** Gives one of the candidates, or undefined when there are none. */
export type Choose = <Of extends Candidate>(candidates: Of[]) => Of | undefined;

export function createChooser(strategy: ProxyStrategy, random: () => number): Choose {
  switch (strategy) {
    case 'round-robin':
      return inTurn();
    case 'least-used':
      return leastUsed;
    case 'random':
      return (candidates) => drawn(candidates, random);
    default:
      return strategy satisfies never;
  }
}

/**
 * Weighted turns without bursts: of weights 2 and 1 comes a b a, not a a b. Each candidate gains its weight a turn, the one
 * that has most goes and pays what all have gained.
 */
function inTurn(): Choose {
  const gained = new Map<string, number>();
  return (candidates) => {
    let total = 0;
    let best: (typeof candidates)[number] | undefined;
    for (const candidate of candidates) {
      total += candidate.weight;
      gained.set(candidate.id, (gained.get(candidate.id) ?? 0) + candidate.weight);
      if (!best || (gained.get(candidate.id) ?? 0) > (gained.get(best.id) ?? 0)) best = candidate;
    }
    if (best) gained.set(best.id, (gained.get(best.id) ?? 0) - total);
    return best;
  };
}

/** A proxy of weight 2 counts as used as much as one of weight 1 when it has twice the sessions. */
const leastUsed: Choose = (candidates) =>
  candidates.reduce<(typeof candidates)[number] | undefined>(
    (best, each) => (best && best.sessions / best.weight <= each.sessions / each.weight ? best : each),
    undefined,
  );

function drawn<Of extends Candidate>(candidates: Of[], random: () => number): Of | undefined {
  let left = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  return candidates.find(({ weight }) => (left -= weight) < 0) ?? candidates.at(-1);
}
