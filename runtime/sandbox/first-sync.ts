/** What an account's phone sends a device it has just linked: the app-state key, and the history. */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import type { Account } from './account.ts';
import type { SharedState } from './app-state/app-state.ts';
import type { LinkedDevice } from './linked-device.ts';

const { ProtocolMessage } = proto.Message;

/** Sends both, in the order in which clients can use them. Without them a client holds back events for 20 seconds. */
export async function sendFirstSync({ handset, person, sharedState }: Account, device: LinkedDevice): Promise<void> {
  for (const protocolMessage of [keyShare(sharedState), emptyHistory()]) {
    const messageId = randomBytes(16).toString('hex').toUpperCase();
    const sent = {
      message: { protocolMessage },
      chat: person,
      addressing: 'pn',
      type: 'text',
      category: 'peer',
    } as const;
    await handset.send(messageId, sent, [device]);
  }
}

function keyShare({ key }: SharedState): proto.Message.IProtocolMessage {
  const keyData = { keyData: key.data, fingerprint: { rawId: 1, currentIndex: 0 }, timestamp: Date.now() };
  const keys = [{ keyId: { keyId: key.id }, keyData }];
  return { type: ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } };
}

function emptyHistory(): proto.Message.IProtocolMessage {
  const syncType = proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP;
  const history = proto.HistorySync.encode({ syncType, conversations: [], progress: 100 }).finish();
  return {
    type: ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
      chunkOrder: 1,
      progress: 100,
      initialHistBootstrapInlinePayload: deflateSync(history),
    },
  };
}
