/** GraphQL over `w:mex`: what an account may do, answered; newsletters, of which the sandbox has none, refused. */
import { QueryIds, XWAPaths } from '@whiskeysockets/baileys';
import { node } from '../stanza.ts';
import type { Query, QueryTable } from './query.ts';

/** Every query clients send; WhatsApp knows a query by its id alone. */
const KNOWN: ReadonlySet<string> = new Set(Object.values(QueryIds));

/** What WhatsApp says of a newsletter that does not exist. */
const NOT_FOUND = {
  message: 'Not Found',
  extensions: { error_code: 404, is_retryable: false, severity: 'CRITICAL' },
};

function dataFor(id: string, { world, device }: Query): object | null {
  switch (id) {
    case QueryIds.REACHOUT_TIMELOCK:
      return { [XWAPaths.xwa2_fetch_account_reachout_timelock]: world.restrictions.lockOf(device.person) };
    case QueryIds.MESSAGE_CAPPING_INFO:
      return { [XWAPaths.xwa2_message_capping_info]: world.restrictions.capOf(device.person) };
    default:
      return null;
  }
}

function answer(query: Query): void {
  const id = query.about.attrs['query_id'] ?? '';
  if (!KNOWN.has(id)) query.world.unhandled(query.request);
  const data = dataFor(id, query);
  const result = data ? { data } : { data, errors: [NOT_FOUND] };
  query.reply(node('result', {}, Buffer.from(JSON.stringify(result))));
}

export const mexQueries: QueryTable = { 'w:mex/get/query': answer };
