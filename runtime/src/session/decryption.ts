/** Tells of each message whether it could be decrypted, and of fields in it that nobody knows. */
import { unpadRandomMax16, type SignalRepositoryWithLIDStore, type SocketConfig } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';
import type { ProtocolSign } from './protocol-signs.ts';
import { unknownFields } from './unknown-fields.ts';

type MakeRepository = SocketConfig['makeSignalRepository'];

/** What was decrypted before comes again after every crash and every lost receipt. */
const REPEATED = /old counter|already or never filled|duplicate/i;

/** Wraps the Signal layer. */
export function noticeDecryption(make: MakeRepository, tell: (sign: ProtocolSign) => void): MakeRepository {
  const watched = async (decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    try {
      const plaintext = await decrypt();
      tell({ sign: 'operation', operation: 'decrypt', success: true });
      for (const name of fieldsIn(plaintext)) tell({ sign: 'drift', kind: 'message_field', name });
      return plaintext;
    } catch (error) {
      if (!REPEATED.test(toError(error).message)) tell({ sign: 'operation', operation: 'decrypt', success: false });
      throw error;
    }
  };
  return (...args) => {
    const inner = make(...args);
    const wrapped: SignalRepositoryWithLIDStore = {
      ...inner,
      decryptMessage: (o) => watched(() => inner.decryptMessage(o)),
      decryptGroupMessage: (o) => watched(() => inner.decryptGroupMessage(o)),
    };
    return wrapped;
  };
}

/** What is no message at all the client says itself. */
function fieldsIn(padded: Uint8Array): string[] {
  try {
    return unknownFields(unpadRandomMax16(padded));
  } catch {
    return [];
  }
}
