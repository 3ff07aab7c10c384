/** The history a phone sends a device: its chats, in the chunks in which phones send them. */
import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import type { Settings } from '../app-state/app-state.ts';
import type { Person } from '../directory.ts';
import { Group } from '../groups/groups.ts';
import { jidOf, webMessage } from './chat-log.ts';
import type { LoggedChat, LoggedMessage } from './chat-log.ts';

const { HistorySyncType } = proto.HistorySync;
const { EndOfHistoryTransferType } = proto.Conversation;
const { ProtocolMessage } = proto.Message;

/** How many of a chat's newest messages come at once, and how many follow; older ones stay until asked for. */
const AT_ONCE = 10;
const SOON = 90;

type History = proto.IHistorySync;

/** What a device that was just linked gets: recent messages first, then names, then what is older. */
export function firstHistories(owner: Person, chats: readonly LoggedChat[], settings: Settings): History[] {
  const bootstrap = {
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    conversations: chats.map((chat) => conversation(owner, chat, chat.messages.slice(-AT_ONCE), settings)),
    pastParticipants: chats.flatMap(pastParticipants),
    phoneNumberToLidMappings: chats.flatMap(({ partner }) =>
      partner instanceof Group || partner.hidesNumber ? [] : [{ pnJid: partner.jid, lidJid: partner.lid }],
    ),
    progress: 100,
  };
  if (chats.length === 0) return [bootstrap];
  const authors = new Set(chats.flatMap(({ messages }) => messages.map(({ author }) => author)));
  authors.delete(owner);
  const pushnames = [...authors].map((author) => ({ id: author.lid, pushname: author.name }));
  const older = chats.filter(({ messages }) => messages.length > AT_ONCE);
  const conversations = older.map((chat) => ({
    ...conversation(owner, chat, chat.messages.slice(-AT_ONCE - SOON, -AT_ONCE), settings),
    endOfHistoryTransferType:
      chat.messages.length > AT_ONCE + SOON
        ? EndOfHistoryTransferType.COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY
        : EndOfHistoryTransferType.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY,
  }));
  return [
    bootstrap,
    { syncType: HistorySyncType.PUSH_NAME, pushnames, progress: 100 },
    { syncType: HistorySyncType.RECENT, conversations, progress: 100 },
  ];
}

/** What a device gets that asks for messages older than one it has. */
export function olderHistory(owner: Person, chat: LoggedChat, before: string, count: number, settings: Settings) {
  const place = chat.messages.findIndex(({ id }) => id === before);
  const older = chat.messages.slice(0, Math.max(place, 0));
  const messages = older.slice(-count);
  const endOfHistoryTransferType =
    messages.length < older.length
      ? EndOfHistoryTransferType.COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY
      : EndOfHistoryTransferType.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY;
  const found = { ...conversation(owner, chat, messages, settings), endOfHistoryTransferType };
  return { syncType: HistorySyncType.ON_DEMAND, conversations: [found], progress: 100 } satisfies History;
}

/** Carries a history inside its notification. */
export const inline = (bytes: Buffer): proto.Message.IHistorySyncNotification => ({
  initialHistBootstrapInlinePayload: bytes,
});

/** The notification of a history, which it carries inside itself or names as a file. */
export function historyNotification(
  history: History,
  chunkOrder: number,
  keep: (bytes: Buffer) => proto.Message.IHistorySyncNotification,
) {
  return {
    type: ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: history.syncType as number,
      chunkOrder,
      progress: history.progress ?? 100,
      ...keep(deflateSync(proto.HistorySync.encode(history).finish())),
    },
  } satisfies proto.Message.IProtocolMessage;
}

function conversation(
  owner: Person,
  chat: LoggedChat,
  messages: readonly LoggedMessage[],
  settings: Settings,
): proto.IConversation {
  const { partner, name, unread } = chat;
  const last = chat.messages.at(-1);
  const seconds = last && Math.floor(last.at.getTime() / 1000);
  const { archived, pinned, mutedUntil, markedUnread } = settings.chat(partner);
  const title = partner instanceof Group ? partner.subject.text : (settings.nameOf(partner) ?? name);
  return {
    id: jidOf(partner),
    // Newest first.
    messages: messages.toReversed().map((message) => ({ message: webMessage(owner, chat, message) })),
    unreadCount: unread,
    archived,
    markedAsUnread: markedUnread,
    ...(title && { name: title }),
    ...(seconds && { conversationTimestamp: seconds, lastMsgTimestamp: seconds }),
    ...(pinned && { pinned: seconds ?? 1 }),
    ...(mutedUntil && { muteEndTime: mutedUntil.getTime() }),
    ...(!(partner instanceof Group) && !partner.hidesNumber && { pnJid: partner.jid }),
  };
}

function pastParticipants({ partner, pastMembers }: LoggedChat): proto.IPastParticipants[] {
  if (!(partner instanceof Group) || pastMembers.length === 0) return [];
  const leaveReason = proto.PastParticipant.LeaveReason.LEFT;
  const left = pastMembers.map((person) => ({
    userJid: person.addressOn(0, partner.addressing),
    leaveReason,
    leaveTs: 0,
  }));
  return [{ groupJid: partner.jid, pastParticipants: left }];
}
