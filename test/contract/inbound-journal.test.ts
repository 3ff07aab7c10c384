/** How often a stanza is handled again that was not finished: as often as connections end, but not as often as processes do. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { InboundJournal } from '../../runtime/src/session/inbound-journal.ts';
import type { Store } from '../../runtime/src/store/store.ts';
import { describeEachEngine } from '../support/engines.ts';

const STANZA: BinaryNode = { tag: 'message', attrs: { id: 'M1', from: '1@lid' }, content: [] };
const CRASHES = 3;
describeEachEngine((engine) => {
  let store: Store;
  beforeEach(async () => {
    engine.fresh();
    store = await engine.open();
  });
  afterEach(() => store.close());

  const journal = (process: Set<string>) => new InboundJournal(store.session(parseSessionId('sales')), process);

  test('a stanza whose process lives is handled again each time, however often its connection ends first', async () => {
    await journal(new Set()).record(STANZA);
    const process = new Set<string>();
    for (let ended = 0; ended < 10; ended++)
      expect(await journal(process).unsettled()).toMatchObject({
        suspects: [],
        nodes: [{ attrs: { id: 'M1' } }],
        givenUp: [],
      });
  });

  /** As many processes as may end, whatever for, before each stanza is handled alone. */
  async function crashes(): Promise<void> {
    for (let crash = 0; crash < CRASHES; crash++) {
      expect(await journal(new Set()).unsettled()).toMatchObject({ suspects: [], nodes: [{}, {}], givenUp: [] });
    }
  }

  describe('when process after process has ended', () => {
    beforeEach(async () => {
      for (const id of ['M1', 'M2']) await journal(new Set()).record({ ...STANZA, attrs: { ...STANZA.attrs, id } });
    });

    test('only a stanza that was in hand alone is given up, and said so; once it was, it waits until a process has lived', async () => {
      await crashes();
      const ids = (nodes: BinaryNode[]) => nodes.map(({ attrs }) => attrs['id']);
      for (let crash = 0; crash < CRASHES; crash++) {
        const dying = journal(new Set());
        const { suspects, tried, givenUp } = await dying.unsettled();
        const expected = crash === 0 ? [['M1', 'M2'], []] : [['M2'], ['M1']];
        expect([ids(suspects), ids(tried), givenUp]).toEqual([...expected, []]);
        // The process ends while the first of them is handled: nothing more is written of it.
        await dying.handleAlone([...tried, ...suspects][0] as BinaryNode, () => dying.expectContent('M1'));
      }
      const { suspects, givenUp } = await journal(new Set()).unsettled();
      expect(givenUp).toEqual(['M1|message|1@lid||']);
      expect(suspects).toMatchObject([{ attrs: { id: 'M2' } }]);
      // Until it was said the next process finds it too.
      const saying = journal(new Set());
      expect((await saying.unsettled()).givenUp).toEqual(givenUp);
      await saying.discard(givenUp);
      expect((await journal(new Set()).unsettled()).givenUp).toEqual([]);
    });

    test('the next waits until the one before is settled, and what the process outlives is no suspect any more', async () => {
      await crashes();
      const living = journal(new Set());
      const { suspects } = await living.unsettled();
      const [settled, outlived] = suspects as [BinaryNode, BinaryNode];
      await living.handleAlone(settled, () => void living.settle({ messageId: 'M1' }, { set: async () => undefined }));
      await living.handleAlone(outlived, () => undefined);
      expect(await journal(new Set()).unsettled()).toMatchObject({
        ...{ suspects: [], givenUp: [] },
        nodes: [{ attrs: { id: 'M2' } }],
      });
    });
  });

  test('what is settled is not handled again', async () => {
    const process = new Set<string>();
    await journal(process).record(STANZA);
    const again = journal(process);
    expect((await again.unsettled()).nodes).toHaveLength(1);
    await again.settle({ messageId: 'M1' }, { set: async () => undefined });
    expect((await journal(process).unsettled()).nodes).toEqual([]);
  });
});
