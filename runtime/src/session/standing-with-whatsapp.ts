/**
 * What WhatsApp forbids an account for a time: to write to people it never exchanged a message with (the reach-out time
 * lock), or to begin more than so many new chats (the cap). And whether somebody has WhatsApp at all.
 */
import type { WASocket } from '@whiskeysockets/baileys';
import { toJid, type Jid } from '../ids.ts';

export type RestrictionKind = 'time_lock' | 'new_chat_cap';

export interface Restriction {
  kind: RestrictionKind;
  /** When it ends, ms since 1970; null: there is none of this kind, or none any more. */
  until: number | null;
  /** WhatsApp's word for why; null when it gave none. */
  reason: string | null;
}

/** Until when it holds when WhatsApp says that there is one and not how long: as long as its own client assumes at the least. */
const UNKNOWN_END_MS = 24 * 3_600_000;

interface TimeLock {
  isActive?: boolean | undefined;
  timeEnforcementEnds?: Date | undefined;
  enforcementType?: string | undefined;
}

interface Cap {
  capping_status?: string | undefined;
  cycle_end_timestamp?: string | number | undefined;
}

const known = (end: number): number => (Number.isFinite(end) && end > Date.now() ? end : Date.now() + UNKNOWN_END_MS);

const fromTimeLock = ({ isActive, timeEnforcementEnds, enforcementType }: TimeLock): Restriction => ({
  kind: 'time_lock',
  until: isActive ? known(timeEnforcementEnds?.getTime() ?? Number.NaN) : null,
  reason: (isActive && enforcementType) || null,
});

const fromCap = ({ capping_status: status, cycle_end_timestamp: end }: Cap): Restriction => ({
  kind: 'new_chat_cap',
  until: status === 'CAPPED' ? known(Number(end) * 1_000) : null,
  reason: status === 'CAPPED' ? status : null,
});

/** Tells of every change WhatsApp announces. */
function watchRestrictions(sock: WASocket, tell: (restriction: Restriction) => void): void {
  sock.ev.on('connection.update', ({ reachoutTimeLock }) => {
    if (reachoutTimeLock) tell(fromTimeLock(reachoutTimeLock as TimeLock));
  });
  sock.ev.on('message-capping.update', (cap) => tell(fromCap(cap as Cap)));
}

/** How it stands now. Rejects when WhatsApp does not answer. */
async function askRestriction(sock: WASocket, kind: RestrictionKind): Promise<Restriction> {
  return kind === 'time_lock'
    ? fromTimeLock((await sock.fetchAccountReachoutTimelock()) as TimeLock)
    : fromCap(((await sock.fetchNewChatMessageCap()) ?? {}) as Cap);
}

/**
 * The address WhatsApp knows a phone number by, which may be written differently from the one asked (a digit more or
 * less in some countries); null when nobody has it. Rejects when WhatsApp does not answer.
 */
async function askNumber(sock: WASocket, jid: Jid): Promise<Jid | null> {
  const found = await sock.onWhatsApp(jid);
  if (!found) throw new Error('WhatsApp did not say whether the number exists');
  const match = found.find(({ exists }) => Boolean(exists));
  return match ? (toJid(match.jid) ?? jid) : null;
}

/** Tells of every change from now on, and asks how it stands. */
export function standingWithWhatsApp(sock: WASocket, onRestriction: (restriction: Restriction) => void) {
  watchRestrictions(sock, onRestriction);
  return {
    askNumber: (jid: Jid) => askNumber(sock, jid),
    askRestriction: (kind: RestrictionKind) => askRestriction(sock, kind),
  };
}
