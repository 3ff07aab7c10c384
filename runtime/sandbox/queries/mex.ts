/** GraphQL over `w:mex`: what an account may do, answered; newsletters, of which the sandbox has none, refused. */
import { QueryIds, XWAPaths } from '@whiskeysockets/baileys';
import { node } from '../stanza.ts';
import type { Query, QueryTable } from './query.ts';

/** One answer for each query id clients send; a refusal has no data. */
const ANSWERS: ReadonlyMap<string, (query: Query) => object | null> = new Map([
  ...Object.values(QueryIds).map((id) => [id, () => null] as const),
  [
    QueryIds.REACHOUT_TIMELOCK,
    ({ world, device }: Query) => ({
      [XWAPaths.xwa2_fetch_account_reachout_timelock]: world.restrictions.lockOf(device.person),
    }),
  ],
  [
    QueryIds.MESSAGE_CAPPING_INFO,
    ({ world, device }: Query) => ({ [XWAPaths.xwa2_message_capping_info]: world.restrictions.capOf(device.person) }),
  ],
]);

/** What WhatsApp says of a newsletter that does not exist. */
const NOT_FOUND = {
  message: 'Not Found',
  extensions: { error_code: 404, is_retryable: false, severity: 'CRITICAL' },
};

function answer(query: Query): void {
  const handler = ANSWERS.get(query.about.attrs['query_id'] ?? '');
  if (!handler) query.world.unhandled(query.request);
  const data = handler?.(query) ?? null;
  const result = data ? { data } : { data: null, errors: [NOT_FOUND] };
  query.reply(node('result', {}, Buffer.from(JSON.stringify(result))));
}

export const mexQueries: QueryTable = { 'w:mex/get/query': answer };
