/** What a person has to look at is told once, and once that it is over, whatever ends between the two. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Fact } from '../../runtime/src/events.ts';
import { parseSessionId } from '../../runtime/src/ids.ts';
import type { Session, SessionInfo } from '../../runtime/src/session/session.ts';
import { REASONS, type ReasonCode, type SessionStatus } from '../../runtime/src/session/states.ts';
import type { Store } from '../../runtime/src/store/store.ts';
import { createAlerts, type Alerts } from '../../runtime/src/watchdog/alerts.ts';
import { describeEachEngine } from '../support/engines.ts';

describeEachEngine((engine) => {
  let store: Store;
  let session: Session;
  let alerts: Alerts;
  let clock = 1_800_000_000_000;
  /** What a publisher has that recognises what it was told before, as the ledger does. */
  let told: Map<string, string>;
  /** How often it is asked until it ends with the process. */
  let asks = Number.POSITIVE_INFINITY;
  let failures: string[];

  /** As by a process that begins. */
  async function begin(): Promise<void> {
    store = await engine.open();
    session = { id: parseSessionId('sales') } as Session;
    const underWay = async (what: string, work: Promise<unknown>) => {
      await work.catch((thrown: unknown) => failures.push(`${what}: ${String(thrown)}`));
    };
    alerts = createAlerts({
      now: () => clock,
      database: (id) => store.session(id),
      watch: (_, what, work) => void underWay(what, work),
      publish: async (id, fact: Fact) => {
        if (fact.event !== 'alert') throw new Error('not an alert');
        if (--asks < 0) throw new Error('the process has ended');
        told.set(fact.fact, `${id} ${fact.data.alert} ${fact.data.state}`);
      },
    });
  }
  /** As by a process that ends, at whichever moment, and the next one. */
  async function again(): Promise<void> {
    await alerts.forget(session);
    await store.close();
    asks = Number.POSITIVE_INFINITY;
    clock += 60_000;
    await begin();
  }
  const enters = (status: SessionStatus, reason: ReasonCode) =>
    alerts.stateChanged(session, { status, reason: REASONS[reason] } as SessionInfo);
  /** All that was told since the last look, as soon as nothing more is under way. */
  async function news(): Promise<string[]> {
    await alerts.forget(session);
    session = { id: session.id } as Session;
    const all = [...told.values()];
    told.clear();
    return all;
  }

  beforeEach(async () => {
    [told, failures] = [new Map(), []];
    engine.fresh();
    await begin();
  });
  afterEach(async () => {
    await alerts.forget(session);
    await store.close();
    expect(failures).toEqual([]);
  });

  test('a state that needs a person is told once, and once that it is over', async () => {
    enters('failed', 'unreachable');
    enters('failed', 'connection_lost');
    enters('connecting', 'starting');
    expect(await news()).toEqual(['sales session_failed firing']);
    enters('connected', 'connected');
    enters('connected', 'connected');
    expect(await news()).toEqual(['sales session_failed resolved']);
  });

  test('the same again is a new alert with facts of its own', async () => {
    for (let round = 0; round < 2; round++) {
      enters('failed', 'unreachable');
      enters('connected', 'connected');
      clock += 1_000;
    }
    expect(await news()).toEqual([
      ...['sales session_failed firing', 'sales session_failed resolved'],
      ...['sales session_failed firing', 'sales session_failed resolved'],
    ]);
  });

  test.each<[SessionStatus, ReasonCode, string[]]>([
    ['banned', 'banned', ['sales session_banned firing']],
    ['logged_out', 'logged_out', ['sales session_logged_out firing']],
    ['replaced', 'replaced', ['sales session_replaced firing']],
    ['logged_out', 'logged_out_by_user', []],
    ['disconnected', 'disconnected_by_user', []],
    ['disconnected', 'qr_expired', []],
    ['reconnecting', 'connection_lost', []],
  ])('%s because of %s', async (status, reason, expected) => {
    enters(status, reason);
    expect(await news()).toEqual(expected);
  });

  test('what the watchdog raises stands until it settles it, whatever the connection does', async () => {
    alerts.raise(session, 'session_unwell');
    alerts.raise(session, 'session_unwell');
    enters('connected', 'connected');
    expect(await news()).toEqual(['sales session_unwell firing']);
    alerts.settle(session, 'session_unwell');
    alerts.settle(session, 'session_unwell');
    expect(await news()).toEqual(['sales session_unwell resolved']);
  });

  test('it stands in the next process too: it is not told again, and is once that it is over', async () => {
    enters('failed', 'unreachable');
    await again();
    enters('failed', 'unreachable');
    expect(await news()).toEqual(['sales session_failed firing']);
    await again();
    enters('connected', 'connected');
    expect(await news()).toEqual(['sales session_failed resolved']);
    await again();
    enters('connected', 'connected');
    expect(await news()).toEqual([]);
  });

  test('that it does not connect is over when somebody has it try no more', async () => {
    alerts.raise(session, 'session_reconnecting');
    enters('failed', 'unreachable');
    enters('disconnected', 'disconnected_by_user');
    expect(await news()).toEqual([
      ...['sales session_reconnecting firing', 'sales session_failed firing'],
      ...['sales session_reconnecting resolved', 'sales session_failed resolved'],
    ]);
  });

  test('what stands is counted', async () => {
    enters('failed', 'unreachable');
    await again();
    alerts.raise(session, 'phone_offline');
    alerts.settle(session, 'session_unwell');
    while (alerts.standing().size < 2) await new Promise(setImmediate);
    expect(alerts.standing()).toEqual(
      new Map([
        ['session_failed', 1],
        ['phone_offline', 1],
      ]),
    );
  });

  test('what a process could not tell before it ended the next one tells, as the same', async () => {
    asks = 0;
    enters('failed', 'unreachable');
    await again();
    alerts.settle(session, 'session_unwell');
    expect(await news()).toEqual(['sales session_failed firing']);
    asks = 0;
    enters('connected', 'connected');
    await again();
    enters('connected', 'connected');
    expect(await news()).toEqual(['sales session_failed resolved']);
    expect(new Set(failures.splice(0))).toEqual(
      new Set(['an alert: Error: the process has ended', 'the end of an alert: Error: the process has ended']),
    );
  });

  test('an end that could not be told is told before the same begins anew', async () => {
    enters('failed', 'unreachable');
    expect(await news()).toHaveLength(1);
    asks = 0;
    enters('connected', 'connected');
    await again();
    enters('failed', 'unreachable');
    expect(await news()).toEqual(['sales session_failed resolved', 'sales session_failed firing']);
    expect(failures.splice(0)).toHaveLength(1);
  });

  test('of a session that is no longer here nothing is told', async () => {
    await alerts.forget(session);
    alerts.raise(session, 'session_unwell');
    enters('failed', 'unreachable');
    expect(alerts.standing()).toEqual(new Map());
    expect(told).toEqual(new Map());
  });
});
