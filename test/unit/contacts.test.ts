import { beforeEach, describe, expect, test } from '@jest/globals';
import { createContacts, type Contacts } from '../../runtime/src/contacts/contacts.ts';
import type { Fact } from '../../runtime/src/events.ts';
import { parseRecipient, parseSessionId, type ContactId, type Jid } from '../../runtime/src/ids.ts';
import { openStore, type Store } from '../../runtime/src/store/store.ts';

const SESSION = parseSessionId('sales');
const PHONE = parseRecipient('15550100011');
const LID = parseRecipient('100000000000011@lid');
const OTHER_PHONE = parseRecipient('15550100012');
const OTHER_LID = parseRecipient('100000000000012@lid');

let store: Store;
let contacts: Contacts;
let told: Fact[];
let merged: [ContactId, ContactId][];
let now = 1_000;
let failing = false;

beforeEach(() => {
  store = openStore({ directory: ':memory:' });
  [told, merged, failing] = [[], [], false];
  contacts = createContacts({
    store,
    publish: async (_session, fact) => told.push(fact),
    onMerged: async (_session, kept, gone) => {
      if (failing) throw new Error('the process died here');
      merged.push([kept, gone]);
    },
    now: () => now++,
  });
});

const note = (addresses: Jid[], name: string | null = null) => contacts.note(SESSION, addresses, name);

describe('one person has one id', () => {
  test('whichever address they are met under first, and whichever they are asked for by', async () => {
    const first = await note([LID], 'Ann');
    expect(first).toEqual({ contactId: first.contactId, phone: null, lid: LID, jid: LID, pushName: 'Ann' });
    const both = await note([LID, PHONE]);
    expect(both).toEqual({ ...first, phone: '+15550100011' });
    expect(await contacts.find(SESSION, PHONE)).toEqual({ ...both, jid: PHONE });
    expect(await contacts.find(SESSION, first.contactId)).toEqual({ ...both, jid: PHONE });
    expect(await note([PHONE], 'Ann B.')).toMatchObject({ contactId: first.contactId, pushName: 'Ann B.' });
    expect([told, merged]).toEqual([[], []]);
  });

  test('two who turn out to be one keep the older id, and the younger leads to it', async () => {
    const older = await note([PHONE]);
    const younger = await note([LID], 'Ann');
    const one = await note([LID, PHONE]);
    expect(one).toEqual({
      ...{ contactId: older.contactId, phone: '+15550100011', lid: LID, jid: LID, pushName: 'Ann' },
    });
    const data = { kept: { ...one, jid: PHONE }, merged: younger.contactId };
    expect(told).toEqual([{ event: 'contact.merged', fact: `merged:${younger.contactId}`, data }]);
    expect(merged).toEqual([[older.contactId, younger.contactId]]);
    expect(await contacts.find(SESSION, younger.contactId)).toEqual(data.kept);
    await note([LID, PHONE]);
    expect(merged).toHaveLength(1);
  });

  test('what a crash leaves of a merge is done at the next start', async () => {
    const older = await note([LID]);
    const younger = await note([PHONE]);
    failing = true;
    await expect(note([LID, PHONE])).rejects.toThrow('died');
    failing = false;
    await contacts.resume(SESSION);
    await contacts.resume(SESSION);
    expect(merged).toEqual([[older.contactId, younger.contactId]]);
    expect(await contacts.find(SESSION, PHONE)).toMatchObject({ contactId: older.contactId });
  });

  test('a number that went to somebody else is theirs, and they are not one with who had it', async () => {
    const had = await note([LID, PHONE], 'Ann');
    const has = await note([OTHER_LID, PHONE], 'Ben');
    expect(has.contactId).not.toBe(had.contactId);
    expect(await contacts.find(SESSION, had.contactId)).toMatchObject({ phone: null, lid: LID, pushName: 'Ann' });
    expect(await contacts.find(SESSION, PHONE)).toMatchObject({ contactId: has.contactId, pushName: 'Ben' });
    expect(told).toEqual([]);
  });

  test('who has a new number stays who they are', async () => {
    const before = await note([LID, PHONE]);
    const after = await note([LID, OTHER_PHONE]);
    expect(after).toMatchObject({ contactId: before.contactId, phone: '+15550100012' });
  });

  test('nobody is made known by a mapping alone', async () => {
    await contacts.link(SESSION, [PHONE, LID]);
    expect(await contacts.find(SESSION, PHONE)).toBeUndefined();
    await note([PHONE]);
    await contacts.link(SESSION, [PHONE, LID]);
    expect(await contacts.find(SESSION, LID)).toMatchObject({ phone: '+15550100011' });
  });
});
