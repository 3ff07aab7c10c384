/** A session as it goes into a backup and comes out of one. */
import type { ProfileName } from '../config.ts';
import { RuntimeError } from '../errors.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** All in clear: whoever has it has the account. */
export interface ExportedSession {
  hash: string;
  tenantId: string | null;
  humanization: ProfileName | null;
  proxyUrl: string | null;
  createdAt: number;
  account: SessionRecord['account'];
  phoneSeenAt: number | null;
  /** Credentials and Signal keys by name, each as JSON. */
  keys: [string, string][];
}

export function exported(record: SessionRecord, vault: Vault, keys: [string, string][]): ExportedSession {
  const { sessionId, hash, tenantId, humanization, sealedProxy, createdAt, account, phoneSeenAt } = record;
  const proxyUrl = sealedProxy === null ? null : vault.openProxy(sessionId, sealedProxy);
  return { hash, tenantId, humanization, proxyUrl, createdAt, account, phoneSeenAt, keys };
}

/** The record of a session that comes from elsewhere: at rest, for its link may still run there. Throws `invalid_backup`. */
export function imported(
  sessionId: SessionRecord['sessionId'],
  session: ExportedSession,
  vault: Vault,
  now: number,
): SessionRecord {
  const { hash, tenantId, humanization, proxyUrl, createdAt, account, phoneSeenAt, keys } = session;
  const named = new Map(keys);
  if (typeof hash !== 'string' || !account || !named.has('creds')) throw new RuntimeError('invalid_backup');
  return {
    ...{ sessionId, hash, tenantId, humanization, createdAt, account, phoneSeenAt },
    sealedProxy: proxyUrl === null ? null : vault.sealProxy(sessionId, proxyUrl),
    sealedKey: null,
    wanted: false,
    ended: { status: 'disconnected', reason: 'restored', at: now },
  };
}
