/**
 * Measures every session from outside and acts where a session cannot know that it is ill: a connection that no longer
 * brings frames although pings are answered with one (half-open: the client itself would take up to 95 s), and a stalled
 * event loop, which it only reports. Acts through `session.suspect`, never around it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Session } from '../session/session.ts';
import { sleepUnlessAborted } from '../time.ts';

export interface WatchdogDeps {
  sessions(): Session[];
  /** How often a healthy connection brings a frame at the least: the interval of the client's pings, ms. */
  keepAliveIntervalMs: number;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
}

export type Verdict = 'healthy' | 'silent';

/** An answer to a ping may take this long beyond the interval. */
const GRACE_MS = 8_000;
const LOOKS_PER_INTERVAL = 3;
const STALLED_MS = 1_000;

/** Healthy, or silent: connected, but nothing came in although a ping must have been answered by now. */
export const judge = (lastFrameAt: number, now: number, keepAliveIntervalMs: number): Verdict =>
  now - lastFrameAt > keepAliveIntervalMs + GRACE_MS ? 'silent' : 'healthy';

/** Watches until the signal aborts. */
export async function runWatchdog(deps: WatchdogDeps, signal: AbortSignal): Promise<void> {
  const { keepAliveIntervalMs, metrics, log } = deps;
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  try {
    while (await sleepUnlessAborted(keepAliveIntervalMs / LOOKS_PER_INTERVAL, signal)) {
      const stalledMs = delay.max / 1e6;
      delay.reset();
      // After a stall every session looks silent; their frames are waiting to be read.
      if (stalledMs > STALLED_MS) {
        log.warn({ stalledMs }, 'the event loop stood still');
        continue;
      }
      for (const session of deps.sessions()) {
        const live = session.live();
        if (!live || judge(live.lastFrameAt(), (deps.now ?? Date.now)(), keepAliveIntervalMs) === 'healthy') continue;
        metrics.remedies.inc({ verdict: 'silent' });
        log.warn({ sessionId: session.id }, 'the connection is silent; connecting again');
        session.suspect('no sign of life from WhatsApp');
      }
    }
  } finally {
    delay.disable();
  }
}
