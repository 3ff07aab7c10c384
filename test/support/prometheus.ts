/** Debian's Prometheus and promtool, where they are installed; their tests are skipped where they are not. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from '@jest/globals';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { eventually, within } from './deadline.ts';

export const DEPLOY = fileURLToPath(new URL('../../runtime/deploy/', import.meta.url));

const isThere = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);

/** Describes tests that need Prometheus; without one they are skipped, and the title says so. */
export function describeWithPrometheus(title: string, tests: () => void): void {
  if (isThere || process.env.REQUIRE_ALL === '1') describe(title, tests);
  else test.skip(`${title} (no prometheus: install Debian's package, its service is not needed)`, () => undefined);
}

/** What promtool says, and whether it is content. */
export function promtool(...args: string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8', timeout: 60_000 });
  return { ok: status === 0, said: `${stdout}${stderr}` };
}

/**
 * The rules as they are shipped, on a faster clock: minutes and hours, in `for` and in ranges, become seconds. What they look
 * at, their thresholds, labels and words stay as they are.
 */
export const inSeconds = (rules: string): string =>
  rules.replaceAll(/^( +for: )[1-9]\d*m$/gm, '$12s').replaceAll(/\[\d+[mh]\]/g, '[15s]');

export interface Prometheus {
  /** The value of each series of an instant query, by its labels. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  /** Resolves when the alert has this many instances in this state. */
  becomes(alert: string, state: 'firing' | 'inactive'): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;
const ALERT_MS = 60_000;
const STOP_MS = 30_000;

/** A Prometheus on a free port of this machine that scrapes one target each second and judges the shipped rules on it. */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const port = await freePort();
  const config = readFileSync(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8')
    .replaceAll('15s', '1s')
    .replace('127.0.0.1:9090', target);
  writeFileSync(join(folder, 'prometheus.yml'), config);
  writeFileSync(join(folder, 'alerts.yml'), inSeconds(readFileSync(join(DEPLOY, 'prometheus/alerts.yml'), 'utf8')));
  mkdirSync(join(folder, 'data'));
  const log = openSync(join(folder, 'log'), 'w');
  const places = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const child = spawn('prometheus', [...places, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (!isOver()) child.kill('SIGTERM');
    try {
      await within(STOP_MS, 'the end of Prometheus', exited);
    } catch (late) {
      child.kill('SIGKILL');
      throw late;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const ready = async () => {
    if (isOver()) throw new Error(`Prometheus ended:\n${readFileSync(join(folder, 'log'), 'utf8').slice(-2_000)}`);
    return (await fetch(`${url}/-/ready`).catch(() => null))?.ok ?? false;
  };
  try {
    await eventually(START_MS, 'Prometheus ready', ready, (is) => is);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...asked(url), stop };
}

interface Answer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

function asked(url: string): Omit<Prometheus, 'stop'> {
  const query: Prometheus['query'] = async (expression) => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    if (!response.ok) throw new Error(`${expression}: ${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as Answer;
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  };
  return {
    query,
    async becomes(alert, state) {
      const firing = () => query(`ALERTS{alertname="${alert}",alertstate="firing"}`);
      const is = (found: unknown[]) => (state === 'firing' ? found.length > 0 : found.length === 0);
      await eventually(ALERT_MS, `${alert} ${state}`, firing, is);
    },
  };
}
