import type { IDataObject } from 'n8n-workflow';
import { isObject, toItem, type EventEnvelope } from '../../../../shared/event';

export type ResponseType = 'approval' | 'quotedReply' | 'reply' | 'vote';

/** What a waiting execution waits for; it travels in the signed address that the runtime is given. */
export interface Awaited {
  responseType: ResponseType;
  /** The message that was sent. */
  messageId: string;
  /** Who got it: a person's or group's address, and the person's contactId where it was known. */
  to: string;
  contactId: string;
  /** The answers of an approval. */
  approve: string;
  decline: string;
}

/** The branches after the first, which is for no reply. */
const REPLY = 1;
const DECLINED = 2;

/** The branch and the item an event continues the workflow with; null when it is not the reply that is waited for. */
export function replyIn(event: EventEnvelope, awaited: Awaited): { branch: number; item: IDataObject } | null {
  const { data } = event;
  if (data.fromMe === true || !isInChat(data, awaited)) return null;
  const item = { ...toItem(event), replied: true, sentMessageId: awaited.messageId };
  if (awaited.responseType === 'approval') {
    const approved = approvalIn(event, awaited);
    return approved === null ? null : { branch: approved ? REPLY : DECLINED, item: { ...item, approved } };
  }
  return answers(event, awaited) ? { branch: REPLY, item } : null;
}

function answers({ event, data }: EventEnvelope, { responseType, messageId }: Awaited): boolean {
  if (responseType === 'vote') return chosenIn(event, data, messageId).length > 0;
  if (event !== 'message') return false;
  return responseType === 'reply' || data.quotedMessageId === messageId;
}

/** By a vote, or by the words of one of the answers; null for anything else. */
function approvalIn({ event, data }: EventEnvelope, { messageId, approve, decline }: Awaited): boolean | null {
  const said = event === 'message' ? [String(data.text ?? '')] : chosenIn(event, data, messageId);
  if (said.some((words) => isSame(words, approve))) return true;
  return said.some((words) => isSame(words, decline)) ? false : null;
}

const chosenIn = (event: string, data: IDataObject, messageId: string): string[] =>
  event === 'poll.vote' && data.messageId === messageId ? (data.chosen as string[]) : [];

/** Case, spaces and punctuation around the words do not matter. */
const bare = (words: string) => words.toLowerCase().replace(/^[\s\p{P}]+|(?<![\s\p{P}])[\s\p{P}]+$/gu, '');
const isSame = (words: string, answer: string) => bare(words) === bare(answer);

/** In the chat the message went to: in a group from anybody, else from that person by any of their addresses. */
function isInChat({ chat, from }: IDataObject, { to, contactId }: Awaited): boolean {
  if (!isObject(chat) || !isObject(from)) return false;
  if (chat.jid === to) return true;
  if (chat.isGroup === true) return false;
  const number = `${String(from.phone ?? '').replace(/\D/g, '')}@s.whatsapp.net`;
  return (contactId !== '' && from.contactId === contactId) || [from.jid, from.lid, number].includes(to);
}
