/** A client of the runtime's event stream, as simple as such clients are. */
import { within } from './deadline.ts';

export interface Told {
  id: string;
  event: string;
  // Events of every kind are looked into; a wrong guess fails the test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
}

export interface EventSource {
  status: number;
  type: string | null;
  told: Told[];
  /** The first event that matches, told already or still to come. */
  next(match: (told: Told) => boolean): Promise<Told>;
  /** Resolves when the stream has ended. */
  ended: Promise<void>;
  close(): void;
}

/** Opens the stream; resolves when its head has come. */
export async function openEventSource(url: URL, key: string, lastEventId?: string): Promise<EventSource> {
  const leaving = new AbortController();
  const headers = {
    authorization: `Bearer ${key}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const response = await fetch(url, { headers, signal: leaving.signal });
  const told: Told[] = [];
  let arrived = Promise.withResolvers<undefined>();
  const read = async () => {
    let rest = '';
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      told.push(...blocks.flatMap(parse));
      arrived.resolve(undefined);
      arrived = Promise.withResolvers();
    }
  };
  const find = async (match: (told: Told) => boolean): Promise<Told> => {
    for (;;) {
      const found = told.find(match);
      if (found) return found;
      await arrived.promise;
    }
  };
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    told,
    next: (match) => within(30_000, 'an event of the stream', find(match)),
    ended: read().catch((error: unknown) => {
      if (!leaving.signal.aborted) throw error;
    }),
    close: () => leaving.abort(),
  };
}

function parse(block: string): Told[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(': ', 1)[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
  );
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) as unknown }];
}
