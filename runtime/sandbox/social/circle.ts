/** Who has written to whom. Such people are told of each other's changes, and may write to each other when restricted. */
import type { Person } from '../directory.ts';

export class Circle {
  readonly #known = new Map<Person, Set<Person>>();

  /** Notes that two people have exchanged a message, whoever wrote it. */
  meet(one: Person, other: Person): void {
    if (one === other) return;
    this.#of(one).add(other);
    this.#of(other).add(one);
  }

  knows(one: Person, other: Person): boolean {
    return this.#known.get(one)?.has(other) ?? false;
  }

  /** Everybody a person has exchanged messages with. */
  of(person: Person): readonly Person[] {
    return [...(this.#known.get(person) ?? [])];
  }

  #of(person: Person): Set<Person> {
    const known = this.#known.get(person) ?? new Set();
    this.#known.set(person, known);
    return known;
  }
}
