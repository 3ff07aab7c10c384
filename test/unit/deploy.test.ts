/** What an operator deploys, checked by the tools of its trade; nginx and Prometheus have tests of their own. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { CONFIG_TABLE } from '../../runtime/src/config.ts';

const DEPLOY = new URL('../../runtime/deploy/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, DEPLOY), 'utf8');
const KNOWN = new Set(CONFIG_TABLE.map(({ key }) => key));

interface Compose {
  services: Record<
    string,
    { environment?: Record<string, string>; volumes?: string[]; image?: string; build?: Record<string, string> }
  >;
  volumes: Record<string, null>;
  configs: Record<string, { content: string }>;
}

describe('the Dockerfile', () => {
  const text = read('Dockerfile');

  test('has nothing a linter objects to', () => {
    expect(validate(text)).toEqual([]);
    expect(validate(text.replace('WORKDIR /app', 'WORKDIRS /app'))).not.toEqual([]);
  });

  test('runs as a user who owns nothing but the data, and copies what is there', () => {
    const last = text.slice(text.lastIndexOf('\nFROM '));
    expect(last).toMatch(/\nUSER node\n/);
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) => files?.split(' ') ?? []);
    expect(copied).not.toEqual([]);
    for (const file of copied) expect([file, existsSync(new URL(`../../${file}`, DEPLOY))]).toEqual([file, true]);
  });
});

describe('the compose file', () => {
  const { services, volumes, configs } = parse(read('compose.yaml')) as Compose;

  test('gives the runtime only what it knows', () => {
    const given = Object.keys(services['whatsapp']?.environment ?? {});
    expect(given).toContain('API_KEY');
    expect(given.filter((key) => !KNOWN.has(key))).toEqual([]);
  });

  test('watches the runtime as the files of a single machine do, but for where it is', () => {
    const scraped = (text: string) => (parse(text) as { scrape_configs: { job_name: string }[] }).scrape_configs[0];
    const [here, alone] = [configs['prometheus']?.content ?? '', read('prometheus/prometheus.yml')].map(scraped);
    expect(here).toEqual({ ...alone, static_configs: [{ targets: ['whatsapp:9090'] }] });
    const upstream = (configs['upstream']?.content ?? '').trim().replace('whatsapp:3003', '127.0.0.1:3003');
    expect(read('nginx/upstream.conf')).toContain(upstream);
  });

  test('mounts files that are there and volumes that it declares; each image has its version', () => {
    for (const { volumes: mounts = [], image } of Object.values(services)) {
      if (image !== undefined) expect(image).toMatch(/:v?\d+\.\d+/);
      for (const [from = ''] of mounts.map((mount) => mount.split(':'))) {
        // The certificate is the operator's.
        if (from.startsWith('./') && from !== './tls')
          expect([from, existsSync(new URL(from, DEPLOY))]).toEqual([from, true]);
        else if (from !== './tls') expect(Object.keys(volumes)).toContain(from);
      }
    }
  });
});

const title = "systemd's own check";
const checked = () =>
  test('has nothing against the unit, which is closed to what the runtime has no use for', () => {
    const unit = new URL('systemd/whatsapp-runtime.service', DEPLOY).pathname;
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    const weighed = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]);
    expect(weighed.status).toBe(0);
  });
if (spawnSync('systemd-analyze', ['--version']).status === 0 || process.env['REQUIRE_ALL'] === '1')
  describe(title, checked);
else test.skip(`${title} (no systemd-analyze: install systemd)`, () => undefined);
