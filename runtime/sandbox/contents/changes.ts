/** What later messages do to earlier ones on a screen: reactions, edits, deletions, pins and votes. */
import { normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import type { Person } from '../directory.ts';
import { wordsOf } from './appearance.ts';
import { decryptVote, optionHash } from './poll-votes.ts';

const { PinInChatMessage } = proto.Message;

export interface Reaction {
  /** The phone number of who reacted. */
  readonly from: string;
  readonly emoji: string;
}

export interface PollView {
  readonly question: string;
  /** Whether several options may be chosen. */
  readonly multiple: boolean;
  readonly options: readonly {
    readonly name: string;
    /** The phone numbers of who chose it. */
    readonly voters: readonly string[];
  }[];
}

/** What of a row can change after it was shown. */
export interface Changeable {
  readonly text: string;
  readonly reactions: readonly Reaction[];
  readonly edited: boolean;
  readonly deleted: boolean;
  /** Whether it is pinned to the top of its chat. */
  readonly pinned: boolean;
  /** The poll and its votes so far; null for what is no poll. */
  readonly poll: PollView | null;
}

export type Change =
  | { readonly kind: 'reaction'; readonly emoji: string }
  | { readonly kind: 'edit'; readonly text: string }
  | { readonly kind: 'deletion' }
  | { readonly kind: 'pin'; readonly pinned: boolean }
  | { readonly kind: 'vote'; readonly vote: proto.Message.IPollEncValue };

/** A message that is changed: whose it is, and what it contains. */
export interface Changed {
  readonly messageId: string;
  readonly author: Person;
  readonly content: proto.IMessage;
}

/** What a message does to another one; undefined for what stands for itself. */
export function changeIn(content: proto.IMessage): { targetId: string; change: Change } | undefined {
  const { reactionMessage, protocolMessage, pollUpdateMessage, pinInChatMessage } =
    normalizeMessageContent(content) ?? {};
  if (reactionMessage) return aimed(reactionMessage.key, { kind: 'reaction', emoji: reactionMessage.text ?? '' });
  if (pinInChatMessage) {
    return aimed(pinInChatMessage.key, {
      kind: 'pin',
      pinned: pinInChatMessage.type === PinInChatMessage.Type.PIN_FOR_ALL,
    });
  }
  if (!pollUpdateMessage) return aimed(protocolMessage?.key, protocolChange(protocolMessage));
  const { pollCreationMessageKey: key, vote } = pollUpdateMessage;
  return aimed(key, vote ? { kind: 'vote', vote } : undefined);
}

const aimed = (key: proto.IMessageKey | null | undefined, change: Change | undefined) =>
  key?.id && change ? { targetId: key.id, change } : undefined;

function protocolChange(message: proto.Message.IProtocolMessage | null | undefined): Change | undefined {
  if (!message) return undefined;
  const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type;
  const type = message.type ?? REVOKE;
  if (type === REVOKE) return { kind: 'deletion' };
  return type === MESSAGE_EDIT && message.editedMessage
    ? { kind: 'edit', text: wordsOf(message.editedMessage) }
    : undefined;
}

/** A message before anybody did anything to it. */
export function unchanged(content: proto.IMessage): Omit<Changeable, 'text'> {
  return { reactions: [], edited: false, deleted: false, pinned: false, poll: pollIn(content) };
}

/**
 * A row after a change by somebody. Only its author edits it or, but for a group's admin, deletes it; a vote counts that
 * the poll's secret opens; what does not apply leaves the row as it is.
 */
export function applied<Row extends Changeable>(
  row: Row,
  to: Changed,
  change: Change,
  by: Person,
  isAdmin: boolean,
): Row {
  if (row.deleted) return row;
  switch (change.kind) {
    case 'reaction': {
      const others = row.reactions.filter(({ from }) => from !== by.phone);
      return { ...row, reactions: change.emoji ? [...others, { from: by.phone, emoji: change.emoji }] : others };
    }
    case 'edit':
      return by === to.author ? { ...row, text: change.text, edited: true } : row;
    case 'deletion':
      return by === to.author || isAdmin ? { ...row, text: '', deleted: true } : row;
    case 'pin':
      return { ...row, pinned: change.pinned };
    case 'vote':
      return row.poll ? { ...row, poll: counted(row.poll, to, change.vote, by) } : row;
    default:
      return change satisfies never;
  }
}

/** The secret that votes in a poll are encrypted with. */
export const pollSecret = (content: proto.IMessage): Uint8Array | undefined =>
  content.messageContextInfo?.messageSecret ?? undefined;

function counted(
  poll: PollView,
  { messageId, author, content }: Changed,
  vote: proto.Message.IPollEncValue,
  by: Person,
) {
  const secret = pollSecret(content);
  if (!secret) return poll;
  // Clients name people by either address, whatever the chat's addressing is.
  for (const creator of [author.lid, author.jid]) {
    for (const voter of [by.lid, by.jid]) {
      const chosen = decryptVote({ secret, pollId: messageId, creator, voter }, vote);
      if (chosen) return withVote(poll, by.phone, chosen);
    }
  }
  return poll;
}

function withVote(poll: PollView, voter: string, chosen: Buffer[]): PollView {
  const options = poll.options.map(({ name, voters }) => {
    const others = voters.filter((each) => each !== voter);
    const isChosen = chosen.some((hash) => hash.equals(optionHash(name)));
    return { name, voters: isChosen ? [...others, voter] : others };
  });
  return { ...poll, options };
}

function pollIn(content: proto.IMessage): PollView | null {
  const message = normalizeMessageContent(content);
  const poll = message?.pollCreationMessage ?? message?.pollCreationMessageV2 ?? message?.pollCreationMessageV3;
  if (!poll) return null;
  const options = (poll.options ?? []).map(({ optionName }) => ({ name: optionName ?? '', voters: [] }));
  return { question: poll.name ?? '', multiple: poll.selectableOptionsCount !== 1, options };
}
