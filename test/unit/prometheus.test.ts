/** The shipped rules and the board name only metrics, labels and values that there are, and promtool accepts them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { createMetrics } from '../../runtime/src/metrics.ts';
import { REASONS, STATES } from '../../runtime/src/session/states.ts';
import { ALERTS } from '../../runtime/src/watchdog/alerts.ts';
import { DEPLOY, describeWithPrometheus, inSeconds, promtool } from '../support/prometheus.ts';

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { h: number; w: number; x: number; y: number };
  targets?: { refId: string; expr: string }[];
}

const read = (name: string) => readFileSync(join(DEPLOY, name), 'utf8');
const rules = (parse(read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const board = JSON.parse(read('grafana/board.json')) as {
  panels: Panel[];
  templating: { list: { name: string }[] };
};
const asked = board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

const { declared, registry } = createMetrics();
const ours = new Map(declared.map((metric) => [metric.name, metric]));
/** Those of every Node process; what only shows after a scrape or on one system is of no use in rules. */
const others = new Set(registry.getMetricsAsArray().map(({ name }) => name));

const NAMES = /\b(?:whatsapp|nodejs|process)_\w+/g;
const SELECTOR = /\b(whatsapp_\w+)\{([^}]*)\}/g;
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g;
const declaredName = (name: string) => (ours.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));
const OF_THE_SERVER = new Set(['instance', 'job', 'le']);
/** The lists that metrics.ts, as a leaf, only names in words. */
const LISTED: Record<string, readonly string[]> = {
  'a state of states.md': Object.keys(STATES),
  'a reason of states.md': Object.keys(REASONS),
  'an alert of events.md': Object.keys(ALERTS),
};

/** What an expression says of our metrics that is not so. */
function mistakes(expr: string): string[] {
  const names = [...expr.matchAll(NAMES)].map(([name]) => name);
  const unknown = names.filter((name) => !ours.has(declaredName(name)) && !others.has(name));
  const matchers = [...expr.matchAll(SELECTOR)].flatMap(([, name = '', inside = '']) =>
    [...inside.matchAll(MATCHER)].map(([, label = '', operator = '', value = '']) => ({
      name,
      label,
      operator,
      value,
    })),
  );
  const wrong = matchers.filter(({ name, label, operator, value }) => {
    if (OF_THE_SERVER.has(label)) return false;
    const known = ours.get(declaredName(name))?.labels[label];
    if (known === undefined) return true;
    const values = typeof known === 'string' ? LISTED[known] : known;
    const named = operator.includes('~') ? value.split('|') : [value];
    return values !== undefined && named.some((each) => !values.includes(each));
  });
  return [...unknown, ...wrong.map(({ name, label, value }) => `${name}{${label}="${value}"}`)];
}

describe('the alert rules', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what there is, and what to do',
    (_name, rule) => {
      expect(mistakes(rule.expr)).toEqual([]);
      expect(['warning', 'critical']).toContain(rule.labels.severity);
      expect(rule.annotations.summary).toMatch(/^.{20,140}\.$/);
      expect(rule.annotations.description.length).toBeGreaterThan(60);
      expect(rule.for).toMatch(/^\d+m$/);
    },
  );

  test('have names of their own, and each fires in the unit test of rules', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const tested = read('prometheus/alerts.test.yml');
    expect(names.filter((name) => !tested.includes(`alertname="${name}"`))).toEqual([]);
  });

  test('on a faster clock differ in nothing but minutes and hours', () => {
    const fast = inSeconds(read('prometheus/alerts.yml'));
    expect(fast).not.toMatch(/\[\d+[mh]\]|for: [1-9]\d*m/);
    expect(fast.replaceAll(/\d+[smh]\b/g, '')).toBe(read('prometheus/alerts.yml').replaceAll(/\d+[smh]\b/g, ''));
  });
});

describe('the board', () => {
  test.each(asked)('%s: %s', (_title, expr) => expect(mistakes(expr)).toEqual([]));

  test('shows every metric of ours', () => {
    const shown = new Set(asked.flatMap(([, expr]) => [...expr.matchAll(NAMES)].map(([name]) => declaredName(name))));
    expect([...ours.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test('has panels that do not overlap, with ids of their own, and variables for all it uses', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)}:${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...board.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
    const used = new Set([...JSON.stringify(board).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name));
    const built = ['__rate_interval', '__all'];
    const variables = board.templating.list.map(({ name }) => name);
    expect([...used].filter((name) => ![...variables, ...built].includes(name ?? ''))).toEqual([]);
  });
});

describeWithPrometheus('promtool', () => {
  test.each([
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
    ['check', 'config', 'prometheus.yml'],
  ])('%s %s %s', (verb, what, file) => {
    expect(promtool(verb, what, join(DEPLOY, 'prometheus', file))).toMatchObject({ ok: true });
  });

  test("accepts what the board's panels ask", () => {
    const folder = mkdtempSync(join(tmpdir(), 'board-'));
    const recorded = asked.map(([, expr], at) => ({
      record: `board:panel${at}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'),
    }));
    const file = join(folder, 'board.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'board', rules: recorded }] }));
    try {
      expect(promtool('check', 'rules', file)).toMatchObject({ ok: true });
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'board', rules: [{ record: 'a', expr: 'sum(' }] }] }));
      expect(promtool('check', 'rules', file)).toMatchObject({ ok: false });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
