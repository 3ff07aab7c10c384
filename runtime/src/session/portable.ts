/** A session as it goes into a backup and comes out of one. */
import type { ProfileName } from '../config.ts';
import { RuntimeError } from '../errors.ts';
import { chosen, kept, type ProxyChoice } from './route.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** All in clear: whoever has it has the account. */
export interface ExportedSession {
  hash: string;
  tenantId: string | null;
  humanization: ProfileName | null;
  /** Its own proxy; null for any other choice. */
  proxyUrl: string | null;
  /** Any other choice; missing for the default. */
  proxyChoice?: Exclude<ProxyChoice, { mode: 'own' }>;
  createdAt: number;
  account: SessionRecord['account'];
  phoneSeenAt: number | null;
  /** Credentials and Signal keys by name, each as JSON. */
  keys: [string, string][];
}

export function exported(record: SessionRecord, vault: Vault, keys: [string, string][]): ExportedSession {
  const { hash, tenantId, humanization, createdAt, account, phoneSeenAt } = record;
  const choice = chosen(record, vault);
  const proxy = choice.mode === 'own' ? { proxyUrl: choice.url } : { proxyUrl: null, proxyChoice: choice };
  return { hash, tenantId, humanization, ...proxy, createdAt, account, phoneSeenAt, keys };
}

export const choiceIn = ({ proxyUrl, proxyChoice = { mode: 'default' } }: ExportedSession): ProxyChoice =>
  proxyUrl === null ? proxyChoice : { mode: 'own', url: proxyUrl };

/** The record of a session that comes from elsewhere: at rest, for its link may still run there. Throws `invalid_backup`. */
export function imported(
  sessionId: SessionRecord['sessionId'],
  session: ExportedSession,
  vault: Vault,
  now: number,
): SessionRecord {
  const { hash, tenantId, humanization, createdAt, account, phoneSeenAt, keys } = session;
  const named = new Map(keys);
  if (typeof hash !== 'string' || !account || !named.has('creds')) throw new RuntimeError('invalid_backup');
  return {
    ...{ sessionId, hash, tenantId, humanization, createdAt, account, phoneSeenAt },
    proxy: kept(choiceIn(session), sessionId, vault),
    sealedKey: null,
    wanted: false,
    ended: { status: 'disconnected', reason: 'restored', at: now },
  };
}
