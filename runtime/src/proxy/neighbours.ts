/** Other workers that give places at the same proxies. */
export interface Neighbours {
  /** How many of their sessions have their place at each proxy. */
  taken(): Promise<ReadonlyMap<string, number>>;
  /** Nobody else gives a place meanwhile. */
  alone<Done>(work: () => Promise<Done>): Promise<Done>;
}

export const NOBODY: Neighbours = { taken: async () => new Map(), alone: (work) => work() };

/** How the place of a session is kept, where others see it. */
export interface Keeping {
  /** As it is kept now. */
  kept(): string | null;
  /** Durable when it resolves. */
  keep(proxyId: string | null): Promise<void>;
}
