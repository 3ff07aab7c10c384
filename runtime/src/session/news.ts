/** What a connection hears of other people besides messages: calls, and who is there. */
import {
  getBinaryNodeChild,
  getCallStatusFromNode,
  type BinaryNode,
  type WACallEvent,
  type WAPresence,
  type WASocket,
} from '@whiskeysockets/baileys';
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

/** Has `tell` told of who is there. */
export function hearPresence(sock: WASocket, tell: (news: PresenceNews) => void): void {
  sock.ev.on('presence.update', ({ id, presences }) => {
    for (const [participant, { lastKnownPresence, lastSeen }] of Object.entries(presences)) {
      const [chat, who, state] = [toJid(id), toJid(participant), STATE[lastKnownPresence]];
      if (chat && who && state) {
        tell({ what: 'presence', chat, who, state, lastSeen: lastSeen === undefined ? null : lastSeen * 1_000 });
      }
    }
  });
}

/** What only the offer of a call says. */
type Offer = Pick<CallNews, 'video' | 'group'> & { callerPn: string | undefined };

const UNKNOWN: Offer = { video: false, group: null, callerPn: undefined };
const MOST_OFFERS = 100;

/** Calls, read off the wire: what the client says of one comes after its ack, and without the stanza it came with. */
export class Calls {
  readonly #offers = new Map<string, Offer>();

  /** Null for what is no step of a call that is told. */
  read({ attrs, content }: BinaryNode): CallNews | null {
    const step = Array.isArray(content) ? content[0] : undefined;
    const callId = step?.attrs['call-id'];
    const status = step && CALL_STATUS[getCallStatusFromNode(step)];
    if (!step || callId === undefined || !status) return null;
    if (status === 'ringing') this.#note(callId, step);
    const { callerPn, ...offer } = this.#offers.get(callId) ?? UNKNOWN;
    const { from = step.attrs['call-creator'], caller_pn: pn = callerPn } = step.attrs;
    const caller = [from, pn].map(toJid).filter((each) => each !== null);
    return caller.length === 0
      ? null
      : { what: 'call', callId, status, caller, ...offer, at: Number(attrs['t']) * 1_000 };
  }

  #note(callId: string, step: BinaryNode): void {
    const video = getBinaryNodeChild(step, 'video') !== undefined;
    this.#offers.set(callId, { video, group: toJid(step.attrs['group-jid']), callerPn: step.attrs['caller_pn'] });
    const [oldest] = this.#offers.keys();
    if (this.#offers.size > MOST_OFFERS && oldest !== undefined) this.#offers.delete(oldest);
  }
}
