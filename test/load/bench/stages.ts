/** All scenarios there are. A new one is a file of this folder and a line here; it can be chosen, and is in the table, by that. */
import { failOverStage } from './fail-over.ts';
import { mediaStage } from './media.ts';
import { latencyStage } from './latency.ts';
import type { Stage } from './scenario.ts';
import { sendingStage } from './sending.ts';
import { idleStage, startStage } from './sessions.ts';

/** `quick` measures the same for less long. */
export const stagesOf = (quick: boolean): readonly Stage[] => [
  startStage(),
  idleStage(50),
  idleStage(200, { returning: true }),
  idleStage(1_000),
  sendingStage({ sessions: 1, people: quick ? 100 : 200 }),
  sendingStage({ sessions: 50, people: quick ? 8 : 20 }),
  latencyStage(quick ? { seconds: 10, messages: 100 } : { seconds: 30, messages: 500 }),
  failOverStage(quick ? 30 : 90),
  mediaStage(quick ? { count: 5, megabytes: 32 } : { count: 10, megabytes: 64 }),
];
