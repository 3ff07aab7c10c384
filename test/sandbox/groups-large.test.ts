import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient } from '../support/linked-client.ts';

const MEMBERS = 500;
const DEADLINE_MS = 20_000;
let sandbox: Sandbox;
let client: WhatsAppClient;
let crowd: Contact[];
let group: Group;

beforeAll(async () => {
  sandbox = await startSandbox();
  const account = sandbox.account('15550100001');
  client = await linkedClient(sandbox, account);
  crowd = Array.from({ length: MEMBERS }, (_, index) => sandbox.contact(`155502${String(index).padStart(5, '0')}`));
  group = sandbox.group({ subject: 'Festival', members: [...crowd, account] });
});

afterAll(() => endLinkedClient({ sandbox, client }));

test('every one of five hundred members decrypts what the client says, once, and the client what one of them says', async () => {
  expect((await client.socket.groupMetadata(group.jid)).participants).toHaveLength(MEMBERS + 1);
  const sent = await client.socket.sendMessage(group.jid, { text: 'gates open' });
  const rows = await Promise.all(
    crowd.map((contact) => contact.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS)),
  );
  expect(
    rows.every(({ text, arrivals, group: jid }) => text === 'gates open' && arrivals === 1 && jid === group.jid),
  ).toBe(true);
  const [speaker] = crowd;
  const said = await speaker?.say(group, 'where is the stage?');
  const question = await receives(client, 'the question', ({ key }) => key.id === said?.messageId);
  expect(textOf(question)).toBe('where is the stage?');
});
