import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, getCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSandbox } from '../../runtime/sandbox/cli.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  account = sandbox.account('15550100001');
  client = await linkedClient(sandbox, account);
});

afterAll(() => endLinkedClient({ sandbox, client }));

describe('the media host', () => {
  const FILE = Buffer.from('0123456789abcdef');
  const token = createHash('sha256').update(FILE).digest('base64url');

  async function upload(path: string, { auth }: { auth?: string } = {}) {
    const { hosts, auth: given } = await client.socket.refreshMediaConn(true);
    const query = new URLSearchParams({ auth: auth ?? given, token });
    const response = await fetch(`https://${hosts[0]?.hostname}${path}?${query}`, { method: 'POST', body: FILE });
    return { status: response.status, place: (await response.json()) as { url: string; direct_path: string } };
  }

  async function download(url: string, headers: Record<string, string> = {}) {
    const response = await fetch(url, { headers });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  test('takes an upload and gives it back whole, or in part as a range asks', async () => {
    const { status, place } = await upload(`/mms/image/${token}`);
    expect(status).toBe(200);
    expect(new URL(place.url).pathname + new URL(place.url).search).toBe(place.direct_path);
    expect((await download(place.url)).bytes).toEqual(FILE);
    const part = await download(place.url, { range: 'bytes=4-7' });
    expect(part.response.status).toBe(206);
    expect(part.response.headers.get('content-range')).toBe('bytes 4-7/16');
    expect(part.bytes.toString()).toBe('4567');
    expect((await download(place.url, { range: 'bytes=-3' })).bytes.toString()).toBe('def');
    expect((await download(place.url, { range: 'bytes=16-' })).response.status).toBe(416);
  });

  test('refuses an upload without authorization, with another hash, and to where nothing is uploaded', async () => {
    expect((await upload(`/mms/image/${token}`, { auth: 'guessed' })).status).toBe(401);
    expect((await upload('/mms/image/AAAA')).status).toBe(400);
    expect((await upload(`/newsletter/newsletter-image/${token}`)).status).toBe(404);
  });

  test('has no file that it was told to forget', async () => {
    const { place } = await upload(`/mms/document/${token}`);
    expect(sandbox.media.forget(place.direct_path)).toBe(true);
    expect(sandbox.media.forget(place.direct_path)).toBe(false);
    expect((await download(place.url)).response.status).toBe(404);
  });

  test.each([403, 404, 410, 500])('answers with %i when told to', async (status) => {
    const { place } = await upload(`/mms/video/${token}`);
    const { faults } = sandbox.media;
    faults.downloadStatus = faults.uploadStatus = status;
    expect((await download(place.url)).response.status).toBe(status);
    expect((await upload(`/mms/video/${token}`)).status).toBe(status);
    faults.downloadStatus = faults.uploadStatus = null;
    expect((await download(place.url)).bytes).toEqual(FILE);
  });

  test('gives half of a file, another byte, a late answer or none', async () => {
    const { place } = await upload(`/mms/audio/${token}`);
    const { faults } = sandbox.media;
    faults.truncate = true;
    await expect(download(place.url)).rejects.toThrow();
    faults.truncate = false;
    faults.flipByte = true;
    const { bytes } = await download(place.url);
    expect(bytes).toHaveLength(FILE.length);
    expect(bytes.filter((byte, index) => byte !== FILE[index])).toHaveLength(1);
    faults.flipByte = false;
    faults.delayMs = 100;
    const before = performance.now();
    expect((await download(place.url)).bytes).toEqual(FILE);
    expect(performance.now() - before).toBeGreaterThanOrEqual(95);
    faults.delayMs = 0;
    faults.hang = true;
    await expect(fetch(place.url, { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
    faults.hang = false;
  });

  test('is down, and up again with what it had', async () => {
    const { place } = await upload(`/mms/image/${token}`);
    await sandbox.media.goDown();
    await expect(download(place.url)).rejects.toThrow();
    await sandbox.media.comeUp();
    expect((await download(place.url)).bytes).toEqual(FILE);
  });

  test('shows a certificate that only those accept who trust its authority', async () => {
    const { port } = sandbox.media;
    for (const host of ['127.0.0.1', 'localhost']) {
      const trusting = connect({
        host: '127.0.0.1',
        servername: host === 'localhost' ? host : '',
        port,
        ca: sandbox.mediaCa,
      });
      await once(trusting, 'secureConnect');
      expect(trusting.authorized).toBe(true);
      trusting.destroy();
    }
    const strict = connect({ host: '127.0.0.1', port, ca: [...getCACertificates('bundled')] });
    await expect(once(strict, 'secureConnect')).rejects.toThrow('unable to verify the first certificate');
  });

  test('has its authority written to a file by the command, which says how to trust it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    const file = join(folder, 'ca.pem');
    const stopping = new AbortController();
    const printed: string[] = [];
    const line = `NODE_EXTRA_CA_CERTS=${file}`;
    await runSandbox(['--media-ca', file], stopping.signal, (each) => {
      printed.push(each);
      if (each === line) stopping.abort();
    });
    expect(printed).toContain(line);
    expect(await readFile(file, 'utf8')).toContain('BEGIN CERTIFICATE');
    const nowhere = join(folder, 'missing', 'ca.pem');
    await expect(runSandbox(['--media-ca', nowhere], stopping.signal, () => undefined)).rejects.toThrow('ENOENT');
    await rm(folder, { recursive: true });
  });
});
