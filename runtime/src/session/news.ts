/** What a connection hears of other people besides messages: calls, and who is there. */
import type { WACallEvent, WAPresence, WASocket } from '@whiskeysockets/baileys';
import { toJid, type Jid } from '../ids.ts';

/** Somebody calls; addresses are all that are known of one person, the one to answer to first. */
export interface CallNews {
  what: 'call';
  callId: string;
  status: 'ringing' | 'accepted' | 'rejected' | 'missed' | 'ended';
  caller: Jid[];
  group: Jid | null;
  video: boolean;
  at: number;
}

/** Somebody is there, or not. */
export interface PresenceNews {
  what: 'presence';
  chat: Jid;
  who: Jid;
  state: 'online' | 'offline' | 'typing' | 'recording';
  lastSeen: number | null;
}

export type News = CallNews | PresenceNews;

const CALL_STATUS: Partial<Record<WACallEvent['status'], CallNews['status']>> = {
  offer: 'ringing',
  accept: 'accepted',
  reject: 'rejected',
  timeout: 'missed',
  terminate: 'ended',
};
const STATE: Partial<Record<WAPresence, PresenceNews['state']>> = {
  available: 'online',
  unavailable: 'offline',
  composing: 'typing',
  recording: 'recording',
  paused: 'online',
};

/** Has `tell` told of each. */
export function hearNews(sock: WASocket, tell: (news: News) => void): void {
  sock.ev.on('call', (calls) => calls.map(callIn).forEach((news) => news && tell(news)));
  sock.ev.on('presence.update', ({ id, presences }) => {
    for (const [participant, { lastKnownPresence, lastSeen }] of Object.entries(presences)) {
      const [chat, who, state] = [toJid(id), toJid(participant), STATE[lastKnownPresence]];
      if (chat && who && state) {
        tell({ what: 'presence', chat, who, state, lastSeen: lastSeen === undefined ? null : lastSeen * 1_000 });
      }
    }
  });
}

function callIn({ id, status, from, callerPn, groupJid, isVideo, date }: WACallEvent): CallNews | null {
  const step = CALL_STATUS[status];
  const caller = [from, callerPn].map(toJid).filter((each) => each !== null);
  if (!step || caller.length === 0) return null;
  const common = { caller, group: toJid(groupJid), video: isVideo === true, at: date.getTime() };
  return { what: 'call', callId: id, status: step, ...common };
}
