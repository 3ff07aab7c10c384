/** How often a stanza is handled again that was not finished: as often as connections end, but not as often as processes do. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { InboundJournal } from '../../runtime/src/session/inbound-journal.ts';
import { openStore, type Store } from '../../runtime/src/store/store.ts';

const STANZA: BinaryNode = { tag: 'message', attrs: { id: 'M1', from: '1@lid' }, content: [] };
const CRASHES = 3;
let store: Store;
beforeEach(() => {
  store = openStore({ directory: ':memory:' });
});
afterEach(() => store.close());

const journal = (process: Set<string>) => new InboundJournal(store.session(parseSessionId('sales')), process);

test('a stanza whose process lives is handled again each time, however often its connection ends first', async () => {
  await journal(new Set()).record(STANZA);
  const process = new Set<string>();
  for (let ended = 0; ended < 10; ended++)
    expect(await journal(process).unsettled()).toMatchObject({ nodes: [{ attrs: { id: 'M1' } }], givenUp: [] });
});

test('one on which process after process ends is given up, and said so', async () => {
  await journal(new Set()).record(STANZA);
  for (let crash = 0; crash < CRASHES; crash++) expect((await journal(new Set()).unsettled()).nodes).toHaveLength(1);
  expect(await journal(new Set()).unsettled()).toEqual({ nodes: [], givenUp: ['M1|message|1@lid||'] });
  expect(await journal(new Set()).unsettled()).toEqual({ nodes: [], givenUp: [] });
});

test('what is settled is not handled again', async () => {
  const process = new Set<string>();
  await journal(process).record(STANZA);
  const again = journal(process);
  expect((await again.unsettled()).nodes).toHaveLength(1);
  await again.settle({ messageId: 'M1' }, { set: async () => undefined });
  expect((await journal(process).unsettled()).nodes).toEqual([]);
});
