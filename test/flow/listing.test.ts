import { expect, test } from '@jest/globals';
import { onFlow } from '../support/flow.ts';

const LIMIT = 60_000;

test(
  'sessions are listed the oldest first, by state, tenant and text, and page by page',
  async () => {
    await onFlow(async (flow) => {
      const make = (sessionId: string, tenantId: string) => flow.call('POST', '/sessions', { sessionId, tenantId });
      for (const [at, id] of ['delta', 'alpha', 'charlie', 'bravo'].entries()) await make(id, at % 2 ? 'odd' : 'even');
      for (const id of ['delta', 'alpha', 'charlie', 'bravo']) await flow.reaches(id, 'qr');
      await flow.call('POST', '/sessions/charlie/disconnect');
      const list = async (query: string) => (await flow.call('GET', `/sessions${query}`)).body.data;
      const ids = async (query: string) =>
        (await list(query)).sessions.map(({ sessionId }: { sessionId: string }) => sessionId);
      expect(await ids('')).toEqual(['delta', 'alpha', 'charlie', 'bravo']);
      expect(await ids('?tenantId=odd')).toEqual(['alpha', 'bravo']);
      expect(await ids('?status=disconnected,replaced')).toEqual(['charlie']);
      expect(await ids('?status=qr&tenantId=even')).toEqual(['delta']);
      expect(await ids('?search=RAV')).toEqual(['bravo']);
      const first = await list('?limit=2');
      expect(first.sessions.map(({ sessionId }: { sessionId: string }) => sessionId)).toEqual(['delta', 'alpha']);
      // A session that goes meanwhile takes no other with it.
      await flow.call('DELETE', '/sessions/alpha');
      const second = await list(`?limit=2&cursor=${first.nextCursor}`);
      expect(second).toMatchObject({ sessions: [{ sessionId: 'charlie' }, { sessionId: 'bravo' }], nextCursor: null });
      for (const [query, code] of [
        ['?cursor=x', 'invalid_cursor'],
        ['?status=asleep', 'invalid_request'],
        ['?limit=0', 'invalid_request'],
        ['?page=2', 'invalid_request'],
      ]) {
        const { status, body } = await flow.call('GET', `/sessions${query}`);
        expect([query, status, body.error?.code]).toEqual([query, 400, code]);
      }
    });
  },
  LIMIT,
);
