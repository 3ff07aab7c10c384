/** Reads the sandbox's server-sent events as a browser does. */
import { within } from './deadline.ts';

const DEADLINE_MS = 10_000;

export type FeedEvent = Readonly<Record<string, unknown>> & { readonly event: string; readonly id: number };

export interface Feed {
  readonly seen: readonly FeedEvent[];
  /** The first event of this name that fits, seen already or still to come. */
  event(name: string, fits?: (event: FeedEvent) => boolean): Promise<FeedEvent>;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens the feed of a control server; resolves when it is being told. */
export async function openFeed(controlUrl: string): Promise<Feed> {
  const leaving = new AbortController();
  const response = await fetch(`${controlUrl}/events`, { signal: leaving.signal });
  if (response.headers.get('content-type') !== 'text/event-stream' || !response.body) throw new Error('no events');
  const seen: FeedEvent[] = [];
  let tell = Promise.withResolvers<undefined>();
  const read = async (body: ReadableStream<Uint8Array>) => {
    let text = '';
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) seen.push(...parsed(block));
      tell.resolve(undefined);
      tell = Promise.withResolvers();
    }
  };
  const ended = read(response.body).catch(() => undefined);
  const find = async (name: string, fits: (event: FeedEvent) => boolean): Promise<FeedEvent> => {
    for (;;) {
      const found = seen.find((each) => each.event === name && fits(each));
      if (found) return found;
      await tell.promise;
    }
  };
  return {
    seen,
    event: (name, fits = () => true) => within(DEADLINE_MS, `the event ${name}`, find(name, fits)),
    ended,
    close: async () => {
      leaving.abort();
      await ended;
    },
  };
}

function parsed(block: string): FeedEvent[] {
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
  if (fields['event'] === undefined) return [];
  return [{ event: String(fields['event']), id: Number(fields['id']), ...JSON.parse(String(fields['data'])) }];
}
