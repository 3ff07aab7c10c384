/**
 * Polls and their votes. A vote is encrypted with a secret that only the poll itself carried, and names options by hash;
 * so polls are remembered, those received and those sent, and the votes with them for the running totals.
 */
import { createHash } from 'node:crypto';
import { decryptPollVote, normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import type { Jid } from '../ids.ts';
import type { KeyValue } from '../store/store.ts';
import { readContent } from './reading.ts';

interface KnownPoll {
  question: string;
  options: string[];
  /** base64. */
  secret: string;
}

/** By who voted, what they have chosen. */
type Votes = Record<string, string[]>;

export interface Tally {
  question: string;
  chosen: string[];
  votes: { option: string; count: number }[];
}

export interface Vote {
  pollId: string;
  /** The addresses the poll's author may have been named by when the vote was encrypted; likewise the voter. */
  creators: Jid[];
  voters: Jid[];
  /** Who votes, whichever address they use. */
  contactId: string;
  encrypted: { encPayload: Uint8Array; encIv: Uint8Array };
}

const KEEP_MS = 90 * 24 * 3_600_000;

export class Polls {
  readonly #rows: KeyValue;
  readonly #sent: (messageId: string) => Promise<Uint8Array | undefined>;

  constructor(rows: KeyValue, sent: (messageId: string) => Promise<Uint8Array | undefined>) {
    this.#rows = rows;
    this.#sent = sent;
  }

  /** Remembers a poll that came in. */
  async note(pollId: string, message: proto.IMessage): Promise<void> {
    const poll = pollOf(message);
    if (poll) await this.#rows.set(`poll|${pollId}`, poll, KEEP_MS);
  }

  /** Counts a vote; null when the poll is not known or the vote cannot be read with its secret. */
  async count({ pollId, creators, voters, contactId, encrypted }: Vote): Promise<Tally | null> {
    const poll = await this.#find(pollId);
    if (!poll) return null;
    const selected = decrypt(encrypted, { pollId, secret: Buffer.from(poll.secret, 'base64'), creators, voters });
    if (!selected) return null;
    const chosen = poll.options.filter((option) => selected.has(hashOf(option)));
    const votes = { ...(await this.#rows.get<Votes>(`votes|${pollId}`)), [contactId]: chosen };
    await this.#rows.set(`votes|${pollId}`, votes, KEEP_MS);
    const all = Object.values(votes).flat();
    const totals = poll.options.map((option) => ({ option, count: all.filter((each) => each === option).length }));
    return { question: poll.question, chosen, votes: totals };
  }

  async #find(pollId: string): Promise<KnownPoll | null> {
    const received = await this.#rows.get<KnownPoll>(`poll|${pollId}`);
    if (received) return received;
    const sent = await this.#sent(pollId);
    return sent ? pollOf(proto.Message.decode(sent)) : null;
  }
}

function pollOf(message: proto.IMessage): KnownPoll | null {
  const { poll } = readContent(message);
  const secret = (normalizeMessageContent(message) ?? message).messageContextInfo?.messageSecret;
  if (!poll || !secret) return null;
  return { question: poll.question, options: poll.options, secret: Buffer.from(secret).toString('base64') };
}

interface Keys {
  pollId: string;
  secret: Buffer;
  creators: Jid[];
  voters: Jid[];
}

/** Hashes of the chosen options. Which of their two addresses the two sides were named by is not told, so each is tried. */
function decrypt(encrypted: Vote['encrypted'], { pollId, secret, creators, voters }: Keys): Set<string> | null {
  for (const pollCreatorJid of creators) {
    for (const voterJid of voters) {
      try {
        const keys = { pollCreatorJid, pollMsgId: pollId, pollEncKey: secret, voterJid };
        const { selectedOptions } = decryptPollVote(encrypted, keys);
        return new Set((selectedOptions ?? []).map((hash) => Buffer.from(hash).toString('hex')));
      } catch {
        // Not this pair of addresses: the seal does not open.
      }
    }
  }
  return null;
}

const hashOf = (option: string): string => createHash('sha256').update(option).digest('hex');
