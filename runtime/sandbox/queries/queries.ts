/** Every question (iq) a logged-in client asks, by namespace, type and what it is about. */
import { groupQueries } from '../groups/groups.ts';
import { appStateQueries } from '../app-state/app-state.ts';
import { mediaQueries } from '../media/media-queries.ts';
import { children, node, SERVICE } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import { pictureQueries } from '../social/picture-queries.ts';
import { privacyQueries } from '../social/privacy-queries.ts';
import { profileQueries } from '../social/profile-queries.ts';
import type { StanzaHandler } from '../world.ts';
import { absentQueries } from './absent.ts';
import { encryptionQueries } from './encryption.ts';
import { linkingQueries } from './linking.ts';
import { mexQueries } from './mex.ts';
import { passiveQueries } from './passive.ts';
import type { QueryTable } from './query.ts';
import { settingsQueries } from './settings.ts';
import { usyncQueries } from './usync.ts';

const QUERIES: QueryTable = {
  ...absentQueries,
  ...appStateQueries,
  ...encryptionQueries,
  ...groupQueries,
  ...linkingQueries,
  ...mediaQueries,
  ...mexQueries,
  ...passiveQueries,
  ...pictureQueries,
  ...privacyQueries,
  ...profileQueries,
  ...settingsQueries,
  ...usyncQueries,
};

/** Answers a query; one nobody knows gets an empty result, so that the client goes on, and is recorded. */
export const answerQuery: StanzaHandler = (world, device, request) => {
  const { id = '', xmlns = '', type = '', to = SERVICE } = request.attrs;
  const about = children(request)[0] ?? node('');
  const connection = device.connection;
  const reply = (...content: Stanza[]) => {
    const isError = content.some(({ tag }) => tag === 'error');
    const attrs = { id, from: to, type: isError ? 'error' : 'result' };
    connection?.send(node('iq', attrs, content.length > 0 ? content : undefined));
  };
  const query = QUERIES[`${xmlns}/${type}/${about.tag}`];
  if (query) return query({ world, device, about, request, reply });
  // The answer to something we asked needs no answer; anything else that we do not know is recorded.
  if (type === 'result' || type === 'error') return;
  world.unhandled(request);
  reply();
};
