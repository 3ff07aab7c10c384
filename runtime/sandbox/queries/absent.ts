/** What the sandbox does not have: refused as WhatsApp refuses what does not exist, or as not implemented. */
import { node } from '../stanza.ts';
import type { Query, QueryTable } from './query.ts';
import { notImplemented } from './refusing.ts';

const notFound = ({ reply }: Query): void => reply(node('error', { code: '404', text: 'item-not-found' }));

export const absentQueries: QueryTable = {
  // Catalogues, collections and orders of businesses.
  'w:biz:catalog/get/product_catalog': notFound,
  'w:biz:catalog/get/collections': notFound,
  'w:biz:catalog/set/product_catalog_add': notFound,
  'w:biz:catalog/set/product_catalog_edit': notFound,
  'w:biz:catalog/set/product_catalog_delete': notFound,
  'fb:thrift_iq/get/order': notFound,
  // Newsletters.
  'newsletter/get/message_updates': notFound,
  'newsletter/set/live_updates': notFound,
  // Communities. Of their other queries, made in the words of groups, the address belongs to no group.
  'w:g2/get/sub_groups': notImplemented,
  'w:g2/set/links': notImplemented,
  'w:g2/set/unlink': notImplemented,
};
