import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jidNormalizedUser } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import { listScenarios, loadScenario, parseScenario, runScenario } from '../../runtime/sandbox/scenarios/scenarios.ts';
import { startSandbox, type Account, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, linkedClient, textOf, type WhatsAppClient } from '../support/baileys-client.ts';

const OPENING = `
name: Trial
contacts:
  ada: { phone: '15550100201', name: Ada }
steps:
`;
const trial = (steps: string) => parseScenario(OPENING + steps, 'trial.yaml');

describe('a scenario is refused with file, line and what is allowed', () => {
  test.each([
    ['an unknown step', '  - { shout: hello }', 'trial.yaml:6: a step has one of says, sends, expect'],
    [
      'an unknown field',
      '  - expect: { at: ada, whithin: 2s }',
      'trial.yaml:6: "whithin" is not known here; allowed are at, text, matching, kind, in, within, as',
    ],
    ['a bad duration', '  - wait: a while', 'trial.yaml:6: wait must be a duration such as 500ms, 2s or 1m'],
    ['an unknown contact', '  - { contact: bob, says: hi }', 'there is no contact "bob"; allowed are ada'],
    [
      'an unknown fault',
      '  - { fault: earthquake }',
      'trial.yaml:6: there is no fault "earthquake"; allowed are stream-error',
    ],
    ['an unknown setting', '  - { fault: slow, settings: { s: 1 } }', 'there is no setting "s"; allowed are ms'],
    ['a fault that cannot last', '  - { fault: tcp-reset, for: 2s }', 'tcp-reset happens once'],
    ['a bad pattern', "  - expect: { at: ada, matching: '(' }", 'trial.yaml:6: Invalid regular expression'],
    ['an unknown kind', '  - expect: { at: ada, kind: smell }', 'kind must be one of text, image'],
    ['an unknown content', '  - { contact: ada, sends: { kind: smell } }', 'kind must be one of text, mention'],
    ['a message nobody named', '  - { contact: ada, says: hi, quotes: it }', 'there is no message "it"'],
    ['no YAML', '  - { contact: ada, says: "hi }', 'trial.yaml:'],
    [
      'trouble inside',
      '  - repeat: 2\n    steps:\n      - { contact: ada, says: hi }\n      - { contact: ada, sings: la }',
      'trial.yaml:9:',
    ],
  ])('%s', (_what, steps, sentence) => {
    expect(() => trial(steps)).toThrow(sentence);
  });

  test('everything that is wrong is said at once', () => {
    expect(() => trial('  - wait: never\n  - { fault: slow, length: 2 }')).toThrow(
      /trial\.yaml:6: .*\ntrial\.yaml:7: /,
    );
  });

  test('a name that is no ready-made scenario', async () => {
    await expect(loadScenario('no-such')).rejects.toThrow('--list-scenarios');
  });
});

/** A client that does what the ready-made scenarios ask for: it answers what it is told, and writes to whom it is asked to. */
class Bot {
  readonly #sandbox: Sandbox;
  client: WhatsAppClient;
  writesToStrangers = true;
  #stopped = false;

  constructor(sandbox: Sandbox, client: WhatsAppClient) {
    this.#sandbox = sandbox;
    this.client = client;
    this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await disconnect(this.client);
  }

  #listen(): void {
    const { events } = this.client;
    events.on('upsert', (message) => void this.#answer(message).catch(() => undefined));
    // What a runtime does: it comes back, again and again.
    events.on('close', () => {
      if (this.#stopped) return;
      this.client = connectClient(this.#sandbox, this.client.auth);
      this.#listen();
    });
  }

  async #answer(message: WAMessage): Promise<void> {
    const { key } = message;
    const text = wordsOf(message);
    if (key.fromMe || !text || !key.remoteJid) return;
    const [, stranger] = /write to \+(\d+)/.exec(text) ?? [];
    if (stranger && !this.writesToStrangers) return;
    if (stranger) return void (await this.client.socket.sendMessage(`${stranger}@s.whatsapp.net`, { text: 'Hello' }));
    if (key.remoteJid.endsWith('@g.us') && !this.#isMentioned(message)) return;
    await this.client.socket.sendMessage(key.remoteJid, { text: `You said: ${text}` }, { quoted: message });
  }

  #isMentioned({ message }: WAMessage): boolean {
    const me = jidNormalizedUser(this.client.auth.creds.me?.lid);
    return message?.extendedTextMessage?.contextInfo?.mentionedJid?.includes(me) ?? false;
  }
}

const wordsOf = (message: WAMessage): string => textOf(message) || (message.message?.imageMessage?.caption ?? '');

describe('with an unmodified client that answers', () => {
  let sandbox: Sandbox;
  let account: Account;
  let bot: Bot;

  beforeAll(async () => {
    sandbox = await startSandbox({ preKeyStock: 'ample' });
    account = sandbox.account('15550100200');
    bot = new Bot(sandbox, await linkedClient(sandbox, account));
  });

  afterAll(async () => {
    await bot.stop();
    await sandbox.stop();
    expect(sandbox.unhandled).toEqual([]);
  });

  const play = (steps: string) => runScenario(sandbox, trial(steps), { account: account.phone });

  test.each(['support-chat', 'lead-from-an-ad', 'group-chatter', 'restricted-account', 'flaky-night'])(
    'the scenario %s goes well',
    async (name) => {
      const report = await runScenario(sandbox, await loadScenario(name), { account: account.phone });
      expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
      expect(report.ok).toBe(true);
      expect(sandbox.trouble.active.size).toBe(0);
    },
    60_000,
  );

  test('every ready-made scenario is among these', async () => {
    const names = (await listScenarios()).map(({ name }) => name);
    expect(names.sort()).toEqual([
      'flaky-night',
      'group-chatter',
      'lead-from-an-ad',
      'restricted-account',
      'support-chat',
    ]);
  });

  test('an expectation that is not met ends it, and says what came instead', async () => {
    const report = await play(`
  - { contact: ada, says: hello }
  - expect: { at: ada, text: 'You said: hello' }
  - { contact: ada, says: again }
  - expect: { at: ada, text: 'Something else', within: 500ms }
  - { contact: ada, says: never said }
`);
    expect(report.ok).toBe(false);
    expect(report.steps.map(({ line, ok }) => [line, ok])).toEqual([
      [7, true],
      [8, true],
      [9, true],
      [10, false],
    ]);
    expect(report.steps.at(-1)?.problem).toContain('You said: again');
  });

  test('what a pattern finds can be said later, a message meets one expectation, and rules answer', async () => {
    const scenario = parseScenario(
      `
name: Trial
variables: { greeting: Hi }
contacts:
  ada: { phone: '15550100201', replies: [{ when: 'said: code (?<code>\\d+)', says: 'The code was {code}' }] }
steps:
  - { contact: ada, says: '{greeting} 42' }
  - expect: { at: ada, matching: '(?<number>\\d+)' }
  - set: { both: '{number}-{number}' }
  - { contact: ada, says: '{both}' }
  - expect: { at: ada, text: 'You said: 42-42' }
  - { contact: ada, says: code 7 }
  - expect: { at: ada, text: 'You said: code 7' }
  - expect: { at: ada, text: 'You said: The code was 7' }
  - silence: { at: ada, for: 200ms }
`,
      'rules.yaml',
    );
    const report = await runScenario(sandbox, scenario, { account: account.phone });
    expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('what is said when silence was expected is told', async () => {
    const report = await play(`
  - { contact: ada, says: psst }
  - silence: { at: ada, for: 1s }
`);
    expect(report.steps.at(-1)).toMatchObject({ ok: false, problem: 'something came: "You said: psst"' });
  });

  describe('a message to a stranger', () => {
    const playWith = (stranger: string, steps: string) => {
      const cast = `  eve: { phone: '${stranger}' }\nsteps:\n  - { account: restrict, told: false }\n`;
      const scenario = parseScenario(OPENING.replace('steps:\n', cast) + steps, 'refusal.yaml');
      return runScenario(sandbox, scenario, { account: account.phone });
    };
    const asks = "  - { contact: ada, says: 'Please write to +{eve}' }\n";

    test('is refused, and no other is tried', async () => {
      const report = await playWith(
        '15550100291',
        `${asks}  - refused: { to: eve, error: '463' }\n  - silence: { at: eve, for: 300ms }`,
      );
      expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
    });

    test('is refused, and another that is tried breaks the silence', async () => {
      const report = await playWith(
        '15550100292',
        `${asks}${asks}  - refused: { to: eve }\n  - silence: { at: eve, for: 500ms }`,
      );
      expect(report.steps.at(-1)).toMatchObject({ ok: false, problem: 'something was tried and refused: 463' });
    });

    test('is expected to be refused with one error and is with another', async () => {
      const report = await playWith('15550100293', `${asks}  - refused: { to: eve, error: '479', within: 500ms }`);
      const problem = 'no message to eve was refused within 500ms; refused was 463';
      expect(report.steps.at(-1)).toMatchObject({ ok: false, problem });
    });
  });

  test('who never writes to strangers does not pass the scenario of the restricted account', async () => {
    const { steps, ...scenario } = await loadScenario('restricted-account');
    const last = steps.findIndex(({ action }) => 'refused' in action);
    const impatient = { line: 0, action: { refused: { to: 'eve', error: '463', within: '500ms' } } };
    bot.writesToStrangers = false;
    const report = await runScenario(
      sandbox,
      { ...scenario, steps: [...steps.slice(0, last), impatient] },
      { account: account.phone },
    );
    bot.writesToStrangers = true;
    expect(report.steps.at(-1)?.problem).toBe('no message to eve was refused within 500ms; refused was nothing');
  });

  test('a fault of everybody who wants in befalls the account it is played with', async () => {
    const report = await play(`
  - fault: upgrade-reset
    during:
      - fault: tcp-reset
      - wait: { online: false }
      - wait: { online: true, within: 400ms }
`);
    expect(report.steps.at(-1)).toMatchObject({ ok: false, problem: 'the account is not online after 400ms' });
    expect((await play('  - wait: { online: true }')).ok).toBe(true);
  });

  test('a fault lasts as long as what happens meanwhile, however that ends', async () => {
    const report = await play(`
  - fault: deaf
    during:
      - { contact: ada, says: nobody hears }
      - expect: { at: ada, within: 300ms }
`);
    expect(report.ok).toBe(false);
    expect(sandbox.trouble.active.size).toBe(0);
  });
});
