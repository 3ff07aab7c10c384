import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { SessionId } from '../../runtime/src/ids.ts';
import { createLog } from '../../runtime/src/log.ts';
import { dueOf, Retention, type Due } from '../../runtime/src/session/retention.ts';
import { REASONS, SESSION_STATUSES, type SessionInfo, type SessionStatus } from '../../runtime/src/session/session.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const SINCE = Date.UTC(2026, 0, 1);
const settings = { replacedGraceHours: 24, autoDeleteLoggedOut: true };

test.each(SESSION_STATUSES)('what becomes of a session that is %s', (status) => {
  const due: Partial<Record<SessionStatus, Due>> = {
    replaced: { at: SINCE + 24 * HOUR, what: 'give_up' },
    logged_out: { at: SINCE + MINUTE, what: 'remove' },
    banned: { at: SINCE + MINUTE, what: 'remove' },
  };
  expect(dueOf({ status, since: SINCE }, settings)).toEqual(due[status] ?? null);
});

test('nothing is removed unless the configuration says so, and no hours of grace means none', () => {
  const careful = { replacedGraceHours: 0, autoDeleteLoggedOut: false };
  expect(dueOf({ status: 'logged_out', since: SINCE }, careful)).toBeNull();
  expect(dueOf({ status: 'banned', since: SINCE }, careful)).toBeNull();
  expect(dueOf({ status: 'replaced', since: SINCE }, careful)?.at).toBe(SINCE);
});

const session = (sessionId: string, status: SessionStatus, since: number): SessionInfo => ({
  ...{ sessionId: sessionId as SessionId, hash: '', status, reason: REASONS.connected, since, createdAt: 0 },
  ...{ phone: null, lid: null, pushName: null, tenantId: null, humanization: null, reconnectAttempts: 0 },
  ...{ proxy: null, proxyMode: 'none', proxyRegion: null },
});

beforeEach(() => void jest.useFakeTimers({ now: SINCE }));
afterEach(() => void jest.useRealTimers());

test('each session has its time to the minute, also when its state changes meanwhile, and a failure is tried again', async () => {
  const done: string[] = [];
  const sessions = [session('replaced', 'replaced', SINCE - 23 * HOUR), session('fresh', 'connected', SINCE)];
  let failures = 1;
  const retention = new Retention({
    settings,
    sessions: () => sessions,
    async carryOut(id, what) {
      if (id === 'fresh' && failures-- > 0) throw new Error('disk full');
      done.push(`${(Date.now() - SINCE) / MINUTE} ${id} ${what}`);
      sessions.splice(
        sessions.findIndex(({ sessionId }) => sessionId === id),
        1,
      );
    },
    now: Date.now,
    log: createLog('silent'),
  });
  const stopping = new AbortController();
  const ended = retention.run(stopping.signal);
  await jest.advanceTimersByTimeAsync(30 * MINUTE);
  expect(done).toEqual([]);
  sessions.splice(1, 1, session('fresh', 'logged_out', Date.now()));
  retention.wake();
  await jest.advanceTimersByTimeAsync(29 * MINUTE);
  expect(done).toEqual(['32 fresh remove']);
  await jest.advanceTimersByTimeAsync(MINUTE);
  expect(done).toEqual(['32 fresh remove', '60 replaced give_up']);
  stopping.abort();
  await ended;
  expect(jest.getTimerCount()).toBe(0);
});
