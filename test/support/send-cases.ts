/** A case of success and one of failure for every operation of Send Message. */
import { expect } from '@jest/globals';
import {
  ADA,
  type OperationCase,
  to,
  id,
  wrong,
  noSession,
  noMessage,
  nobody,
  gives,
  alwaysGives,
  acquaintance,
  message,
  bulk,
} from './operation-world.ts';

export const MESSAGE: Record<string, OperationCase> = {
  cancel: {
    async succeeds(world) {
      const { messageId } = await message(world, { sendAt: Date.now() + 3_600_000 });
      return gives({ messageId }, { messageId, status: 'failed', error: 'cancelled' });
    },
    fails: noMessage(),
  },
  delete: { succeeds: async (world) => gives(await message(world), { messageId: id }), fails: noMessage() },
  edit: {
    succeeds: async (world) => gives({ ...(await message(world)), newText: 'Better so' }, { messageId: id }),
    fails: noMessage({ newText: 'Better so' }),
  },
  forward: {
    succeeds: async (world) =>
      gives({ ...(await message(world)), ...to(await acquaintance(world)) }, { messageId: id }),
    fails: noMessage(),
  },
  get: {
    async succeeds(world) {
      const { messageId } = await message(world);
      return gives({ messageId }, { messageId, timeline: expect.any(Array) });
    },
    fails: noMessage(),
  },
  getAll: { succeeds: alwaysGives({ returnAll: false, limit: 1 }, { messageId: id }), fails: noSession() },
  react: {
    succeeds: ({ messageId }) => gives({ ...to(ADA), messageId, emoji: '👍' }, { messageId: id }),
    fails: nobody({ messageId: '3EB0ABSENT', emoji: '👍' }),
  },
  send: {
    succeeds: async (world) =>
      gives({ ...to(await acquaintance(world)), messageType: 'text', text: 'Good morning' }, { messageId: id }),
    fails: nobody({ messageType: 'text', text: 'Good morning' }),
  },
  sendAndWait: {
    succeeds: async (world) =>
      gives(
        { ...to(await acquaintance(world)), responseType: 'reply', text: 'Are you coming?', waitAmount: 1 },
        { replied: false, sentMessageId: id },
      ),
    fails: nobody({ responseType: 'reply', text: 'Are you coming?', waitAmount: 1 }),
  },
  wait: {
    async succeeds(world) {
      const { messageId } = await message(world);
      return gives({ messageId, status: 'sent', timeout: 30 }, { messageId, reached: true });
    },
    fails: noMessage({ status: 'sent', timeout: 1 }),
  },
};

const noBulk = wrong(/^There is no such bulk/, { bulkId: 'bulk_absent' });
export const BULK: Record<string, OperationCase> = {
  cancel: {
    succeeds: async (world) => gives({ bulkId: await bulk(world) }, { status: 'cancelled', total: 2 }),
    fails: noBulk,
  },
  get: {
    succeeds: async (world) => gives({ bulkId: await bulk(world) }, { status: 'running', total: 2 }),
    fails: noBulk,
  },
  send: {
    succeeds: async (world) =>
      gives({ ...to(await acquaintance(world)), text: 'We open on Monday' }, { bulkId: id, total: 1 }),
    fails: nobody({ text: 'We open on Monday' }),
  },
};
