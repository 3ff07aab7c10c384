/** What linked devices ask their phone for, out of everybody's sight: keys, older messages, messages they could not read. */
import { proto } from '@whiskeysockets/baileys';
import type { Settings, SharedState } from '../app-state/app-state.ts';
import { appearanceOf } from '../contents/appearance.ts';
import type { Directory, Person } from '../directory.ts';
import type { Groups } from '../groups/groups.ts';
import type { ChatLog } from './chat-log.ts';
import { webMessage } from './chat-log.ts';
import { historyNotification, olderHistory } from './history.ts';

const { ProtocolMessage } = proto.Message;
const { HISTORY_SYNC_ON_DEMAND, PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType;

/** What the phone looks up to answer. */
export interface PhoneMemory {
  readonly person: Person;
  readonly chats: ChatLog;
  readonly settings: Settings;
  readonly sharedState: SharedState;
  readonly directory: Directory;
  readonly groups: Groups;
  /** Puts a history where devices get it from. */
  keep(bytes: Buffer): proto.Message.IHistorySyncNotification;
}

type Answer = proto.Message.IProtocolMessage;

/** The phone's answer to a request, or null where it has none: it does not know the kind, or the message. */
export function answerPeer(memory: PhoneMemory, content: proto.IMessage, requestId: string): Answer | null {
  const { appStateSyncKeyRequest, peerDataOperationRequestMessage: request } = content.protocolMessage ?? {};
  if (appStateSyncKeyRequest) return keyShare(memory.sharedState);
  if (request?.peerDataOperationRequestType === HISTORY_SYNC_ON_DEMAND) return older(memory, request, requestId);
  if (request?.peerDataOperationRequestType === PLACEHOLDER_MESSAGE_RESEND) return resent(memory, request, requestId);
  return null;
}

/** The key of the app state, which only the account's devices have. */
export function keyShare({ key }: SharedState): Answer {
  const keyData = { keyData: key.data, fingerprint: { rawId: 1, currentIndex: 0 }, timestamp: Date.now() };
  const keys = [{ keyId: { keyId: key.id }, keyData }];
  return { type: ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } };
}

type Request = proto.Message.IPeerDataOperationRequestMessage;

function older({ person, chats, settings, directory, groups, keep }: PhoneMemory, request: Request, requestId: string) {
  const { chatJid, oldestMsgId, onDemandMsgCount } = request.historySyncOnDemandRequest ?? {};
  const jid = chatJid ?? '';
  const partner = groups.find(jid) ?? directory.find(jid)?.person;
  const chat = partner && chats.chatWith(partner);
  if (!chat || !oldestMsgId) return null;
  const history = olderHistory(person, chat, oldestMsgId, onDemandMsgCount ?? 50, settings);
  return historyNotification(history, 1, (bytes) => ({ ...keep(bytes), peerDataRequestSessionId: requestId }));
}

function resent({ person, chats }: PhoneMemory, request: Request, requestId: string): Answer | null {
  const results = (request.placeholderMessageResendRequest ?? []).flatMap(({ messageKey }) => {
    const found = chats.find(messageKey?.id ?? '');
    // What is to be seen once leaves the phone in no other way.
    if (!found || appearanceOf(found.message.content).viewOnce) return [];
    const info = webMessage(person, found.chat, found.message);
    return [{ placeholderMessageResendResponse: { webMessageInfoBytes: proto.WebMessageInfo.encode(info).finish() } }];
  });
  if (results.length === 0) return null;
  return {
    type: ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
    peerDataOperationRequestResponseMessage: {
      peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
      stanzaId: requestId,
      peerDataOperationResult: results,
    },
  };
}
