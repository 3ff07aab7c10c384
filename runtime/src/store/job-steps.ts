/** The steps of a job, as both engines keep them. */
import type { JobState } from './store.ts';

/** Of those that wait: not due yet, behind others of its lane, its lane's front, held there, interrupted, or held beside it. */
export type Step = 'scheduled' | 'queued' | 'ready' | 'active' | 'held' | 'returned' | 'aside' | 'done' | 'dead';

/** What of it is told. */
export const STATES: Readonly<Record<Step, JobState>> = {
  scheduled: 'waiting',
  queued: 'waiting',
  ready: 'waiting',
  held: 'waiting',
  returned: 'waiting',
  aside: 'waiting',
  active: 'active',
  done: 'done',
  dead: 'dead',
};
