/** Key bundles as stanzas carry them: in answers to key queries, in uploads and in retry receipts. */
import { KEY_BUNDLE_TYPE } from '@whiskeysockets/baileys';
import type { KeyBundle, PublicPreKey } from './directory.ts';
import { child, children, node, readUint, requireBytes, uint } from './stanza.ts';
import type { Stanza } from './stanza.ts';
import { isSignedBy } from './xeddsa.ts';

const KEY_ID_BYTES = 3;

export const readPreKey = (stanza: Stanza | undefined): PublicPreKey => ({
  id: readUint(requireBytes(stanza, 'id')),
  key: requireBytes(stanza, 'value'),
});

export const readPreKeys = (list: Stanza | undefined): PublicPreKey[] => children(list, 'key').map(readPreKey);

/** Reads a signed pre-key. Throws unless the device's identity really signed it. */
export function readSignedPreKey(stanza: Stanza | undefined, identityKey: Uint8Array): KeyBundle['signedPreKey'] {
  const signed = { ...readPreKey(stanza), signature: requireBytes(stanza, 'signature') };
  requireSigned(signed, identityKey);
  return signed;
}

/** Throws unless the identity signed the pre-key, type byte included. */
export function requireSigned({ key, signature }: KeyBundle['signedPreKey'], identityKey: Uint8Array): void {
  const signed = isSignedBy(identityKey, Buffer.concat([KEY_BUNDLE_TYPE, key]), signature);
  if (!signed) throw new Error('the signed pre-key is not signed by the identity it came with');
}

const preKeyStanza = (tag: string, { id, key }: PublicPreKey, more: Stanza[] = []): Stanza =>
  node(tag, {}, [node('id', {}, uint(id, KEY_ID_BYTES)), node('value', {}, Buffer.from(key)), ...more]);

export function bundleToStanzas({ identityKey, signedPreKey, preKey }: KeyBundle): Stanza[] {
  const signature = node('signature', {}, Buffer.from(signedPreKey.signature));
  return [
    node('type', {}, Buffer.from(KEY_BUNDLE_TYPE)),
    node('identity', {}, Buffer.from(identityKey)),
    preKeyStanza('skey', signedPreKey, [signature]),
    ...(preKey ? [preKeyStanza('key', preKey)] : []),
  ];
}

/** The bundle in a retry receipt, whose registration id stands beside the keys; undefined when it offers no keys. */
export function bundleFromReceipt(receipt: Stanza): KeyBundle | undefined {
  const keys = child(receipt, 'keys');
  if (!keys) return undefined;
  const identityKey = requireBytes(keys, 'identity');
  const preKey = child(keys, 'key');
  return {
    registrationId: readUint(requireBytes(receipt, 'registration')),
    identityKey,
    signedPreKey: readSignedPreKey(child(keys, 'skey'), identityKey),
    ...(preKey && { preKey: readPreKey(preKey) }),
  };
}
