/** What every queue engine promises. Takes a store factory, so that each engine runs the same. */
import { queueBench, type QueueEngine } from './queue-bench.ts';
import { queueListingContract } from './queue-listing-contract.ts';
import { queueOrderContract } from './queue-order-contract.ts';
import { queueOutcomeContract } from './queue-outcome-contract.ts';
import { queueRestartContract } from './queue-restart-contract.ts';

export function queueContract(engine: QueueEngine): void {
  const bench = queueBench(engine);
  queueOrderContract(bench);
  queueOutcomeContract(bench);
  queueListingContract(bench);
  queueRestartContract(bench, engine);
}
