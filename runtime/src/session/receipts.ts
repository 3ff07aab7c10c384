/**
 * Receipts, read off the wire: the client folds one that comes early into another event and drops which address it came
 * from, so that a status could be missed. Matching is by message id, never by JID (sandbox-protocol.md 4).
 */
import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';

export interface Receipt {
  messageIds: string[];
  status: 'delivered' | 'read';
}

/** No type means delivered; the others are the account's own devices, or housekeeping. */
const STATUS: Record<string, Receipt['status']> = { '': 'delivered', read: 'read', played: 'read' };

export function readReceipt(node: BinaryNode): Receipt | null {
  const status = STATUS[node.attrs['type'] ?? ''];
  const first = node.attrs['id'];
  if (!status || first === undefined) return null;
  const list = getBinaryNodeChild(node, 'list');
  const more = list ? getBinaryNodeChildren(list, 'item').flatMap(({ attrs }) => attrs['id'] ?? []) : [];
  return { messageIds: [...new Set([first, ...more])], status };
}
