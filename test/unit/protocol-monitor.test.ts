/** What the protocol monitor counts and finds, without a session: rates of the last hour, and each finding told once. */
import { describe, expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { Findings, type Finding } from '../../runtime/src/protocol-monitor/findings.ts';
import { Rates } from '../../runtime/src/protocol-monitor/rates.ts';
import { openStore, type KeyValue, type Store } from '../../runtime/src/store/store.ts';

const MINUTE = 60_000;
const NOW = 1_790_000_000_000;
const SESSION = parseSessionId('sales');

describe('rates', () => {
  const noted = (rates: Rates, total: number, failed: number, now = NOW) => {
    for (let n = 0; n < total; n += 1) rates.note('send', n >= failed, now);
    return rates;
  };

  test('say nothing below twenty, and are low below 95 of a hundred', () => {
    expect(new Rates().isLow('send', NOW)).toBeNull();
    expect(noted(new Rates(), 19, 19).isLow('send', NOW)).toBeNull();
    expect(noted(new Rates(), 20, 1).isLow('send', NOW)).toBe(false);
    expect(noted(new Rates(), 20, 2).isLow('send', NOW)).toBe(true);
    expect(noted(new Rates(), 200, 11).isLow('send', NOW)).toBe(true);
  });

  test('forget what is an hour old, minute by minute, and keep each operation apart', () => {
    const rates = noted(new Rates(), 20, 20);
    rates.note('query', true, NOW);
    noted(rates, 5, 0, NOW + 30 * MINUTE);
    expect(rates.hour(NOW + 59 * MINUTE).get('send')).toEqual({ total: 25, success: 5 });
    expect(rates.hour(NOW + 60 * MINUTE).get('send')).toEqual({ total: 5, success: 5 });
    expect(rates.hour(NOW + 60 * MINUTE).get('query')).toEqual({ total: 0, success: 0 });
    expect(rates.hour(NOW + 90 * MINUTE).get('send')).toEqual({ total: 0, success: 0 });
  });

  test('are the same after they were saved and read again', () => {
    const rates = noted(new Rates(), 30, 3);
    const again = new Rates(JSON.parse(JSON.stringify(rates.saved())) as ReturnType<Rates['saved']>);
    expect(again.hour(NOW)).toEqual(rates.hour(NOW));
    expect(again.isLow('send', NOW)).toBe(true);
  });
});

describe('findings', () => {
  /** Of one process after another on the same rows: what each has told. */
  async function onRows(
    work: (open: () => Promise<{ findings: Findings; told: string[] }>, rows: KeyValue) => Promise<void>,
  ) {
    const store: Store = openStore({ directory: ':memory:' });
    const rows = store.instance.keyValue('protocol');
    const open = async (tell?: (finding: Readonly<Finding>) => Promise<void>) => {
      const told: string[] = [];
      const note = async (finding: Readonly<Finding>) => {
        await tell?.(finding);
        told.push(`${finding.kind}:${finding.name} ${finding.state}`);
      };
      const onError = () => undefined;
      return {
        findings: new Findings({ rows, tell: note, onError }, new Map(await store.instance.snapshot('protocol'))),
        told,
      };
    };
    try {
      await work(open, rows);
    } finally {
      await store.close();
    }
  }

  test('are told once however often they are seen, counted, and told as over once', async () => {
    await onRows(async (open) => {
      const { findings, told } = await open();
      expect([1, 2, 3].map((later) => findings.see('stanza', 'future', SESSION, NOW + later))).toEqual([
        true,
        false,
        false,
      ]);
      await findings.save();
      findings.settle('stanza', 'future');
      findings.settle('stanza', 'future');
      findings.settle('stanza', 'unheard-of');
      await findings.save();
      expect(told).toEqual(['stanza:future firing', 'stanza:future resolved']);
      expect(findings.list()).toMatchObject([{ count: 3, firstSeen: NOW + 1, lastSeen: NOW + 3, state: 'resolved' }]);
      expect(findings.see('stanza', 'future', SESSION, NOW + 4)).toBe(true);
    });
  });

  test('are not told again by the next process, with their counts kept', async () => {
    await onRows(async (open) => {
      const first = await open();
      first.findings.see('receipt', 'future', SESSION, NOW);
      await first.findings.save();
      const second = await open();
      expect(second.findings.see('receipt', 'future', SESSION, NOW + 1)).toBe(false);
      await second.findings.save();
      expect(second.told).toEqual([]);
      expect(second.findings.list()).toMatchObject([{ count: 2, state: 'firing', told: true }]);
    });
  });

  test('that a crash left untold are told by the next process', async () => {
    await onRows(async (open) => {
      const dying = await (open as (tell: () => Promise<void>) => ReturnType<typeof open>)(() =>
        Promise.reject(new Error('the process ends here')),
      );
      dying.findings.see('stanza', 'future', SESSION, NOW);
      await dying.findings.save();
      const next = await open();
      await next.findings.save();
      expect([dying.told, next.told]).toEqual([[], ['stanza:future firing']]);
    });
  });

  test('beyond twenty of a kind are one, whatever names WhatsApp thinks of', async () => {
    await onRows(async (open, rows) => {
      const { findings } = await open();
      for (let n = 0; n < 100; n += 1) findings.see('stanza', `future-${n}`, SESSION, NOW + n);
      findings.see('receipt', 'future', SESSION, NOW);
      await findings.save();
      const stanzas = findings.list().filter(({ kind }) => kind === 'stanza');
      expect(stanzas.find(({ name }) => name === 'others')).toMatchObject({ count: 80 });
      expect(stanzas).toHaveLength(21);
      expect(findings.list()).toHaveLength(22);
      const [oldest] = stanzas;
      if (oldest) findings.forget(oldest);
      await findings.save();
      expect(await rows.has('finding:stanza:future-0')).toBe(false);
    });
  });
});
