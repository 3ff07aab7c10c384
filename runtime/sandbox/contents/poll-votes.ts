/** Votes in polls: encrypted with a key made from the poll's secret, its author and the voter. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';

const TAG_BYTES = 16;
const { PollVoteMessage } = proto.Message;

/** Whose poll and whose vote it is; the addresses as the chat has them. */
export interface VoteContext {
  /** The poll's `messageContextInfo.messageSecret`. */
  readonly secret: Uint8Array;
  readonly pollId: string;
  readonly creator: string;
  readonly voter: string;
}

/** How a vote names an option. */
export const optionHash = (name: string): Buffer => createHash('sha256').update(name).digest();

export function encryptVote(context: VoteContext, options: readonly string[]): proto.Message.IPollEncValue {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(context), iv).setAAD(additionalData(context));
  const plain = PollVoteMessage.encode({ selectedOptions: options.map(optionHash) }).finish();
  return { encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]), encIv: iv };
}

/** The hashes of the options chosen. Null for what was encrypted with other keys. */
export function decryptVote(context: VoteContext, { encPayload, encIv }: proto.Message.IPollEncValue): Buffer[] | null {
  if (!encPayload || !encIv) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(context), encIv).setAAD(additionalData(context));
    decipher.setAuthTag(encPayload.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(encPayload.subarray(0, -TAG_BYTES)), decipher.final()]);
    return PollVoteMessage.decode(plain).selectedOptions.map((hash) => Buffer.from(hash));
  } catch {
    // Encrypted for somebody else, or for the same people by their other addresses.
    return null;
  }
}

/** HKDF-SHA256 without salt, cut to 32 bytes, as WhatsApp spells it out. */
function keyOf({ secret, pollId, creator, voter }: VoteContext): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  const info = Buffer.concat([Buffer.from(`${pollId}${creator}${voter}Poll Vote`), Buffer.of(1)]);
  return createHmac('sha256', extracted).update(info).digest();
}

const additionalData = ({ pollId, voter }: VoteContext): Buffer => Buffer.from(`${pollId}\0${voter}`);
