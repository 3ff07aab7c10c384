import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { parseScenario, runScenario } from '../../runtime/sandbox/scenarios/scenarios.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient } from '../support/linked-client.ts';

const OPENING = `
name: Trial
contacts:
  ada: { phone: '15550100201', name: Ada }
steps:
`;
// Files are named beside the scenario's own.
const trial = (steps: string) =>
  parseScenario(OPENING + steps, import.meta.filename.replace(/[\w-]+\.test\.ts$/, 'trial.yaml'));

let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100200');
  client = await linkedClient(sandbox, account);
});

afterAll(() => endLinkedClient({ sandbox, client }));

const play = (steps: string) => runScenario(sandbox, trial(steps), { account: account.phone });

describe('a scenario is refused that sends', () => {
  test.each([
    [
      'an unknown field of a content',
      '  - { contact: ada, sends: { kind: poll, question: Tea?, options: [Yes, No], colour: red } }',
      'trial.yaml:6: "colour" is not known here; allowed are kind, question, options, multiple',
    ],
    ['a file without its path', '  - { contact: ada, sends: { kind: voice } }', 'trial.yaml:6: file is missing'],
    [
      'an act on a message nobody named',
      '  - { contact: ada, sends: { kind: vote, options: [Yes], to: it } }',
      'there is no message "it"',
    ],
    [
      'a mention of nobody',
      '  - { contact: ada, sends: { kind: mention, text: hi @bob, people: [bob] } }',
      'there is no contact "bob"',
    ],
  ])('%s', (_what, steps, sentence) => {
    expect(() => trial(steps)).toThrow(sentence);
  });
});

test('every kind of content is sent, and people do to messages what they do', async () => {
  const report = await play(`
  - set: { drink: tea }
  - contact: ada
    sends: { kind: poll, question: 'Some {drink}?', options: ['Yes, {drink}', 'No'] }
    as: poll
  - { contact: ada, sends: { kind: vote, options: ['Yes, {drink}'], to: poll } }
  - { contact: ada, sends: { kind: location, latitude: 47.37, longitude: 8.54, name: Station }, quotes: poll }
  - { contact: ada, sends: { kind: contacts, cards: [{ name: Bob, phone: '15550100202' }] } }
  - { contact: ada, sends: { kind: document, file: scenario-contents.test.ts, mimetype: text/plain, fileName: code.ts } }
  - { contact: ada, sends: { kind: mention, text: 'hello @account', people: [account] }, as: hello }
  - { contact: ada, sends: { kind: edit, text: 'good day', to: hello } }
  - { contact: ada, sends: { kind: reaction, emoji: '👍', to: hello } }
  - { contact: ada, sends: { kind: deletion, to: hello } }
`);
  expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
  await receives(client, 'the deletion', ({ message }) => Boolean(message?.protocolMessage));
  const [poll, vote, place, card, file, mention, edit, reaction, deletion] = client.received.map(
    ({ message }) => message ?? {},
  );
  expect(poll).toMatchObject({
    pollCreationMessageV3: { name: 'Some tea?', options: [{ optionName: 'Yes, tea' }, {}] },
  });
  expect(vote?.pollUpdateMessage?.vote).toBeDefined();
  expect(place).toMatchObject({ locationMessage: { name: 'Station', contextInfo: { quotedMessage: poll } } });
  expect(card).toMatchObject({ contactMessage: { displayName: 'Bob' } });
  expect(file).toMatchObject({ documentMessage: { fileName: 'code.ts', mimetype: 'text/plain' } });
  expect(mention).toMatchObject({ extendedTextMessage: { contextInfo: { mentionedJid: [account.lid] } } });
  expect(edit?.editedMessage).toBeDefined();
  expect(reaction?.reactionMessage?.text).toBe('👍');
  expect(deletion?.protocolMessage).toBeDefined();
});
