import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AttemptCount, backoffDelay } from '../../runtime/src/session/backoff.ts';
import { decide } from '../../runtime/src/session/disconnect-policy.ts';
import type { Action, Decision, Ended } from '../../runtime/src/session/disconnect-policy.ts';
import { REASONS, SESSION_STATUSES, STATES } from '../../runtime/src/session/states.ts';
import type { ReasonCode } from '../../runtime/src/session/states.ts';

const ended = (change: Partial<Ended>): Ended => ({
  code: undefined,
  message: '',
  status: 'connected',
  linked: true,
  failures: 0,
  maxAttempts: 10,
  ...change,
});

const again = (action: Action, reason: ReasonCode): Decision => ({
  action,
  status: 'reconnecting',
  reason,
  credentials: 'keep',
  known: true,
});

describe('what the end of a connection means', () => {
  const stream = 'Stream Errored (unknown)';
  const failure = 'Connection Failure';
  // Every row of sandbox-protocol.md 6, with the texts that rc14 makes.
  test.each<[number | undefined, string, Decision]>([
    [401, stream, { action: 'end', status: 'logged_out', reason: 'logged_out', credentials: 'shred', known: true }],
    [
      401,
      'Stream Errored (conflict)',
      { action: 'end', status: 'logged_out', reason: 'logged_out', credentials: 'shred', known: true },
    ],
    [401, failure, { action: 'end', status: 'logged_out', reason: 'logged_out', credentials: 'shred', known: true }],
    [
      401,
      'Intentional Logout',
      { action: 'end', status: 'logged_out', reason: 'logged_out_by_user', credentials: 'shred', known: true },
    ],
    [402, failure, { ...again('reconnect_slow', 'banned_temporarily'), status: 'failed' }],
    [403, stream, { action: 'end', status: 'banned', reason: 'banned', credentials: 'shred', known: true }],
    [403, failure, { action: 'end', status: 'banned', reason: 'banned', credentials: 'shred', known: true }],
    [400, failure, again('reconnect_later', 'server_error')],
    [400, 'noise intermediate certificate signature invalid', again('reconnect_later', 'server_not_trusted')],
    [400, 'certification match failed', again('reconnect_later', 'server_not_trusted')],
    [406, failure, { action: 'end', status: 'logged_out', reason: 'logged_out', credentials: 'shred', known: true }],
    [405, stream, { ...again('reconnect_slow', 'client_outdated'), status: 'failed' }],
    [405, failure, { ...again('reconnect_slow', 'client_outdated'), status: 'failed' }],
    [409, failure, { ...again('reconnect_slow', 'client_outdated'), status: 'failed' }],
    [408, stream, again('reconnect_backoff', 'connection_lost')],
    [408, 'Connection was lost', again('reconnect_backoff', 'connection_lost')],
    [408, 'WebSocket Error (connect ECONNREFUSED 127.0.0.1:1)', again('reconnect_backoff', 'unreachable')],
    [408, 'WebSocket Error (getaddrinfo ENOTFOUND web.example)', again('reconnect_backoff', 'unreachable')],
    [408, 'WebSocket Error (Opening handshake has timed out)', again('reconnect_backoff', 'unreachable')],
    [408, 'WebSocket Error (Proxy connection timed out)', again('reconnect_backoff', 'proxy_failed')],
    [408, 'QR refs attempts ended', { ...again('end', 'qr_expired'), status: 'disconnected' }],
    [411, stream, again('reconnect_backoff', 'multidevice_mismatch')],
    [411, 'Multi-device beta not joined', again('reconnect_backoff', 'multidevice_mismatch')],
    [428, 'Connection Terminated', again('reconnect_now', 'connection_closed')],
    [428, 'Connection Terminated by Server', again('reconnect_now', 'connection_closed')],
    [429, stream, again('reconnect_later', 'rate_limited')],
    [440, 'Stream Errored (conflict)', { ...again('end', 'replaced'), status: 'replaced' }],
    [500, stream, again('reconnect_backoff', 'server_error')],
    [500, 'Stream Errored (xml-not-well-formed)', again('reconnect_backoff', 'server_error')],
    [500, failure, again('reconnect_backoff', 'server_error')],
    [500, 'WebSocket Error (Socks5 Authentication failed)', again('reconnect_backoff', 'proxy_failed')],
    [
      500,
      'WebSocket Error (the proxy https://127.0.0.1:1 does not work: self-signed certificate)',
      again('reconnect_backoff', 'proxy_failed'),
    ],
    [
      500,
      'WebSocket Error (Socks5 proxy rejected connection - NotAllowed)',
      again('reconnect_backoff', 'proxy_failed'),
    ],
    [500, 'WebSocket Error (connect ECONNREFUSED 127.0.0.1:1080)', again('reconnect_backoff', 'proxy_failed')],
    [500, 'WebSocket Error (unable to verify the first certificate)', again('reconnect_backoff', 'tls_failed')],
    [500, 'WebSocket Error (self-signed certificate in certificate chain)', again('reconnect_backoff', 'tls_failed')],
    [
      500,
      'corrupt frame: Unsupported state or unable to authenticate data',
      again('reconnect_backoff', 'corrupt_frame'),
    ],
    [500, 'credentials could not be saved: disk full', again('reconnect_backoff', 'credentials_not_saved')],
    [503, stream, again('reconnect_later', 'service_unavailable')],
    [503, 'HTTP 502 instead of a connection', again('reconnect_later', 'connection_refused')],
    [503, 'HTTP 407 instead of a connection', again('reconnect_later', 'proxy_failed')],
    [515, 'Stream Errored (restart required)', again('reconnect_now', 'restart_required')],
    [516, stream, { ...again('reconnect_backoff', 'unknown_disconnect'), known: false }],
    [599, stream, { ...again('reconnect_backoff', 'unknown_disconnect'), known: false }],
    [undefined, 'anything', { ...again('reconnect_backoff', 'unknown_disconnect'), known: false }],
  ])('%s "%s"', (code, message, expected) => {
    expect(decide(ended({ code, message }))).toEqual(expected);
  });

  test('only 401, 403 and 406 shred credentials, whatever the text, the state and the number of failures', () => {
    const texts = ['Intentional Logout', 'QR refs attempts ended', 'WebSocket Error (proxy)', failure];
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 400, max: 599 }), fc.constantFrom(401, 403, 440, 500, undefined)),
        fc.oneof(fc.constantFrom(...texts), fc.string()),
        fc.constantFrom(...SESSION_STATUSES),
        fc.nat({ max: 20 }),
        fc.boolean(),
        (code, message, status, failures, linked) => {
          const made = decide(ended({ code, message, status, failures, linked }));
          const lost = code === 401 || code === 403 || code === 406;
          expect(made.credentials).toBe(lost ? 'shred' : 'keep');
          expect(made.action === 'end').toBe(lost || code === 440 || made.reason === 'qr_expired');
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['an account not linked yet is connecting', { linked: false, status: 'qr' }, 'connecting'],
    ['one that is just being linked stays in pairing', { linked: true, status: 'pairing' }, 'pairing'],
    ['one that was connected is reconnecting', { linked: true, status: 'connected' }, 'reconnecting'],
    ['one that failed before is reconnecting', { linked: true, status: 'failed' }, 'reconnecting'],
  ] as const)('%s', (_name, state, status) => {
    expect(decide(ended({ ...state, code: 515 })).status).toBe(status);
  });

  test.each([408, 428, 429, 500, 503, 515, 599])(
    'after too many failures %d is tried slowly and counts as failed',
    (code) => {
      expect(decide(ended({ code, failures: 9 })).status).toBe('reconnecting');
      const last = decide(ended({ code, failures: 10 }));
      expect(last).toMatchObject({ action: 'reconnect_slow', status: 'failed' });
      expect(last.reason).toBe(decide(ended({ code })).reason);
    },
  );

  test('too many failures change nothing about an end', () => {
    for (const code of [401, 403, 440]) {
      expect(decide(ended({ code, failures: 99 }))).toEqual(decide(ended({ code })));
    }
  });
});

describe('back-off', () => {
  const half = () => 0.5;

  test.each([
    [0, 0, 500],
    [0, 0.5, 1_000],
    [0, 0.999, 1_499],
    [1, 0.5, 2_000],
    [5, 0.5, 32_000],
    [6, 0.5, 60_000],
    [6, 0, 30_000],
    [500, 0.999, 89_940],
    [5_000, 0.5, 60_000],
  ])('attempt %d with the draw %d waits %d ms', (attempt, draw, ms) => {
    expect(backoffDelay(attempt, () => draw)).toBe(ms);
  });

  test('an overloaded server is given longer, and a slow attempt comes after 5 to 15 minutes', () => {
    const count = new AttemptCount();
    expect([1, 2, 3, 4, 5, 6].map(() => count.next('reconnect_later', half))).toEqual([
      5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
    ]);
    expect([0, 0.5, 0.999].map((draw) => count.next('reconnect_slow', () => draw))).toEqual([
      300_000, 600_000, 899_400,
    ]);
  });

  test('three reconnections at once are enough: then even those back off', () => {
    const count = new AttemptCount();
    expect([1, 2, 3, 4, 5].map(() => count.next('reconnect_now', half))).toEqual([0, 0, 0, 1_000, 2_000]);
  });

  test('a connection that opens and falls within a minute is one more failure, one that lasts a minute ends the count', () => {
    const count = new AttemptCount();
    let now = 0;
    const live = (ms: number) => {
      count.opened(now);
      now += ms;
      count.closed(now);
      return count.next('reconnect_backoff', half);
    };
    expect([59_999, 1, 59_999].map(live)).toEqual([1_000, 2_000, 4_000]);
    expect(count.failures).toBe(3);
    expect(live(60_000)).toBe(1_000);
    expect(count.failures).toBe(1);
    // Never opened: the time since an earlier connection does not count.
    now += 3_600_000;
    count.closed(now);
    expect(count.next('reconnect_backoff', half)).toBe(2_000);
    count.reset();
    expect(count.failures).toBe(0);
    expect(count.next('reconnect_now', half)).toBe(0);
  });

  test('a connection that keeps opening and falling reaches the limit and is then tried slowly', () => {
    const count = new AttemptCount();
    const waits: number[] = [];
    const statuses = new Set<string>();
    for (let now = 0; waits.length < 15; now += 1_000) {
      count.opened(now);
      count.closed(now + 10);
      const { action, status } = decide(ended({ code: 515, failures: count.failures }));
      if (action === 'end') throw new Error('515 must not end a session');
      statuses.add(status);
      waits.push(count.next(action, half));
    }
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 1_000]);
    expect(waits.slice(10)).toEqual([600_000, 600_000, 600_000, 600_000, 600_000]);
    expect([...statuses]).toEqual(['reconnecting', 'failed']);
  });
});

test('every state and every reason says in sentences what it is and what to do', () => {
  for (const sentence of Object.values(STATES)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  for (const [code, reason] of Object.entries(REASONS)) {
    expect(reason.code).toBe(code);
    for (const sentence of [reason.message, reason.action]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
  expect(SESSION_STATUSES).toHaveLength(10);
});
