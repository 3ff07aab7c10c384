/** What a client asks about others' profiles. Nobody in the sandbox has a picture or a business profile. */
import { node } from '../stanza.ts';
import type { QueryTable } from './query.ts';

export const profileQueries: QueryTable = {
  'w:profile:picture/get/picture': ({ reply }) => reply(node('error', { code: '404', text: 'item-not-found' })),
  'w:biz/get/business_profile': ({ reply }) => reply(node('business_profile')),
};
