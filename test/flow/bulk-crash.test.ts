import { expect, test } from '@jest/globals';
import { CrashStage, SESSION } from '../support/crash-stage.ts';
import { eventually } from '../support/deadline.ts';

const DEADLINE_MS = 30_000;
const INSTANT = { HUMANIZATION_PROFILE: 'instant' };

interface Bulk {
  bulkId: string;
  status: string;
  counts: Record<string, number>;
  outcomes: { messageId: string }[];
}

test('a bulk that is killed at one message after the other goes on where it was; each recipient has it once', async () => {
  const stage = await CrashStage.open();
  try {
    const phones = Array.from({ length: 12 }, (_none, n) => `155501300${String(n).padStart(2, '0')}`);
    for (const phone of phones) await stage.known(phone);
    await stage.kill();
    await stage.start(INSTANT);
    const texts = phones.map((_phone, n) => `news ${n}`);
    const bulk = await stage.call<Bulk>('POST', '/messages/text/bulk', {
      sessionId: SESSION,
      messages: phones.map((to, n) => ({ to, text: texts[n], delay: 20 })),
      batchSize: 5,
      batchDelay: 100,
    });
    let passing = 0;
    for (const at of [1, 4, 8]) {
      // Each message that comes to the server, the one sent again after the kill included.
      await stage.killedAtStanza('in', ({ tag }) => tag === 'message' && (passing += 1) >= at);
      await stage.start(INSTANT);
    }
    const path = `/bulks/${bulk.bulkId}?sessionId=${SESSION}`;
    const { outcomes } = await eventually(
      DEADLINE_MS,
      'the end of the bulk',
      () => stage.call<Bulk>('GET', path),
      ({ status, counts }) => status === 'done' && (counts['delivered'] ?? 0) + (counts['read'] ?? 0) === phones.length,
    );
    const screens = phones.map((phone) => stage.sandbox.contact(phone).screen);
    expect(screens.map((screen) => screen.map(({ text }) => text))).toEqual(texts.map((text) => [text]));
    expect(screens.map(([row]) => row?.messageId)).toEqual(outcomes.map(({ messageId }) => messageId));
  } finally {
    await stage.close();
  }
}, 120_000);
