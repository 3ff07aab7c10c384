/** What an answer shows of the message it answers. */
import { getContentType, normalizeMessageContent, proto } from '@whiskeysockets/baileys';

/**
 * The message in base64, without what it says of other messages; undefined for what is not to be shown again, as what can be
 * opened once.
 */
export function quotable(message: proto.IMessage): string | undefined {
  const content = normalizeMessageContent(message);
  const type = getContentType(content);
  if (!content || !type) return undefined;
  const part = content[type];
  if (isWrappedOnce(message) || (typeof part === 'object' && part !== null && 'viewOnce' in part && part.viewOnce)) {
    return undefined;
  }
  // A copy: the client's encoder takes fields from where they are.
  const copy = proto.Message.decode(proto.Message.encode({ [type]: part }).finish());
  const inner = copy[type];
  if (typeof inner === 'object' && inner !== null && 'contextInfo' in inner) inner.contextInfo = null;
  return Buffer.from(proto.Message.encode(copy).finish()).toString('base64');
}

const isWrappedOnce = ({ viewOnceMessage, viewOnceMessageV2, viewOnceMessageV2Extension }: proto.IMessage): boolean =>
  Boolean(viewOnceMessage ?? viewOnceMessageV2 ?? viewOnceMessageV2Extension);
