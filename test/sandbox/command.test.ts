/** `whatsapp-runtime sandbox` as users run it: who lives there, and scenarios played from the command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSandbox } from '../../runtime/sandbox/cli.ts';
import { ANN, CHATTY, ECHO, settle } from '../../runtime/sandbox/residents.ts';
import { startSandbox, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  linkedClient,
  memoryAuth,
  next,
  receives,
  textOf,
  type WhatsAppClient,
} from '../support/baileys-client.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { Child } from '../support/runtime-process.ts';

const jid = (phone: string) => `${phone}@s.whatsapp.net`;

describe('who lives in a sandbox', () => {
  const log: string[] = [];
  let sandbox: Sandbox;
  let client: WhatsAppClient;
  let greeting: Promise<unknown>;

  beforeAll(async () => {
    sandbox = await startSandbox();
    settle(sandbox, (line) => log.push(line));
    client = await linkedClient(sandbox, sandbox.account('15550100001'));
    greeting = receives(client, "Chatty's first words", (message) => textOf(message)?.startsWith('Hi!') === true);
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  test('Chatty writes first, and says something else to each answer', async () => {
    await greeting;
    await client.socket.sendMessage(jid(CHATTY), { text: 'Yes, until six.' });
    await receives(client, 'what Chatty says next', (message) => textOf(message) === 'And tomorrow?');
  });

  test('Ann reads and says nothing, Echo repeats', async () => {
    await client.socket.sendMessage(jid(ANN), { text: 'Hello Ann' });
    await client.socket.sendMessage(jid(ECHO), { text: 'Hello Echo' });
    await receives(client, 'the echo', (message) => textOf(message) === 'Hello Echo');
    expect(sandbox.contact(ANN).screen.map(({ text }) => text)).toEqual(['Hello Ann']);
    expect(client.received.map(textOf)).not.toContain('Hello Ann');
  });

  test('a machine that answers Echo is not answered for ever', async () => {
    const before = sandbox.contact(ECHO).screen.length;
    client.events.on('upsert', ({ key, ...message }) => {
      const text = textOf({ key, ...message });
      if (!key.fromMe && text?.startsWith('ping')) void client.socket.sendMessage(jid(ECHO), { text: `${text}.` });
    });
    await client.socket.sendMessage(jid(ECHO), { text: 'ping' });
    const last = await sandbox.contact(ECHO).waitForMessage(({ text }) => text === 'ping.....', 20_000);
    expect(last.arrivals).toBe(1);
    expect(sandbox.contact(ECHO).screen.length - before).toBe(6);
    expect(log).toEqual(['Echo falls silent: this looks like one machine talking to another']);
  });
});

describe('a scenario from the command line', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-command-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const written = (name: string, steps: string) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, `name: ${name}\ncontacts:\n  ada: { phone: '15550100201', name: Ada }\nsteps:\n${steps}`);
    return file;
  };

  /** Plays it against a client that repeats what it is told; resolves with how the command ended. */
  async function played(file: string) {
    // With keys to spare the client has none to bring when the sandbox, at the end of a short scenario, is gone.
    const child = new Child(['sandbox', '--ample-pre-keys', '--scenario', file], {});
    const sandbox = {
      url: await child.printed('WHATSAPP_WS_URL'),
      rootKey: await child.printed('WHATSAPP_ROOT_KEY'),
    };
    const control = await child.said(/^Steered at (.+)$/m);
    const pairing = connectClient(sandbox, memoryAuth());
    const [closed, [qr]] = [next(pairing, 'close'), await next(pairing, 'qr')];
    const scanned = await fetch(`${control}/accounts/15550100001/scan`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ qr }),
    });
    expect(scanned.status).toBe(200);
    await closed;
    // It begins as soon as the account is online, so that the client has to listen before.
    const client = connectClient(sandbox, pairing.auth);
    client.events.on('upsert', (message) => {
      const text = textOf(message);
      if (message.key.fromMe || !text) return;
      // The sandbox may have ended by then.
      client.socket.sendMessage(String(message.key.remoteJid), { text }).catch(() => undefined);
    });
    const end = await child.ended();
    await disconnect(client);
    return end;
  }

  test('ends with code 0 when all went as written, and says what happened step by step', async () => {
    const file = written('Trial', '  - { contact: ada, says: Hello }\n  - expect: { at: ada, text: Hello }\n');
    const { code, output } = await played(file);
    expect(output).toMatch(
      /ok {3}line 5: ada says "Hello" \(\d+ ms\)\n {2}ok {3}line 6: .*\nTrial: all went as written\./,
    );
    expect(code).toBe(0);
  });

  test('ends with code 1 when a step fails', async () => {
    const { code, output } = await played(written('Sulk', '  - expect: { at: ada, text: Hello, within: 200ms }\n'));
    expect(output).toMatch(/FAIL line 5: .*\nSulk: failed\./);
    expect(code).toBe(1);
  });

  test('the ready-made ones are named; one there is not, or a wrong account, is refused before anything starts', async () => {
    const lines: string[] = [];
    const { signal } = new AbortController();
    const run = (...args: string[]) => runSandbox(args, signal, (line) => lines.push(line));
    expect(await run('--list-scenarios')).toBe(0);
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      ...['flaky-night', 'group-chatter', 'lead-from-an-ad', 'restricted-account', 'support-chat'],
    ]);
    await expect(run('--scenario', 'no-such')).rejects.toThrow('--list-scenarios names them');
    await expect(run('--scenario', 'support-chat', '--account', 'me')).rejects.toThrow('must be a phone number');
    expect(lines).toHaveLength(5);
  });
});
