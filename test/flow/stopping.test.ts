/** How the process ends: in good order, not later than it should, at once when told twice; and what the next one finds. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CrashStage, PHONE, SESSION, type Stanza } from '../support/crash-stage.ts';
import { within } from '../support/deadline.ts';
import { IN_USE } from '../support/flow-engine.ts';

const LIMIT = 90_000;
const CONTACT = '15550100040';
let stage: CrashStage;

beforeAll(async () => {
  stage = await CrashStage.open();
  await stage.known(CONTACT);
}, LIMIT);
afterAll(() => stage.close(), LIMIT);

const isBack = () => stage.call('GET', `/sessions/${SESSION}/wait?status=connected&timeout=30`);
const isMessage = ({ tag, attrs }: Stanza) => tag === 'message' && attrs['category'] !== 'peer';

/** Resolves when the client has written a message; counts all it writes. */
function written(): { count: number; first: Promise<undefined>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const seen = { count: 0, first: promise, stop: () => void stage.sandbox.events.off('stanza', look) };
  const look = ({ direction, node }: { direction: string; node: unknown }) => {
    if (direction !== 'in' || !isMessage(node as Stanza)) return;
    seen.count += 1;
    resolve(undefined);
  };
  stage.sandbox.events.on('stanza', look);
  return seen;
}

test(
  'a message that waits for its ack is finished first, and is not sent again by the next run',
  async () => {
    const messages = written();
    const held = stage.sandbox.trouble.begin({ name: 'acks-held', phone: PHONE });
    const { messageId } = await stage.call<{ messageId: string }>('POST', '/messages/text', {
      ...{ sessionId: SESSION, to: CONTACT, text: 'Goodbye', humanize: false },
    });
    await within(15_000, 'the message', messages.first);
    const runtime = await stage.askedToStop();
    expect(await stage.answers('/ready')).toEqual([503, 'unavailable']);
    expect(await stage.answers('/sessions')).toEqual([503, 'unavailable']);
    expect(await stage.answers('/health')).toEqual([200, undefined]);
    held?.stop();
    expect((await runtime.ended(10_000)).code).toBe(0);
    await stage.start();
    await isBack();
    expect(await stage.call('GET', `/messages/${messageId}?sessionId=${SESSION}`)).toMatchObject({
      status: expect.stringMatching(/sent|delivered|read/),
    });
    messages.stop();
    expect(messages.count).toBe(1);
    expect(stage.sandbox.contact(CONTACT).screen.filter(({ text }) => text === 'Goodbye')).toHaveLength(1);
  },
  LIMIT,
);

test(
  'a caller that has gone in the middle of a request is not waited for',
  async () => {
    await stage.abandon(`/sessions/${SESSION}/wait?status=banned&timeout=60`);
    const { code, output } = await (await stage.askedToStop()).ended(10_000);
    expect(code).toBe(0);
    expect(output).not.toContain('not all was finished in time');
    await stage.start();
    await isBack();
  },
  LIMIT,
);

test(
  'what is not finished in time is left, and the next run finishes it under the same id',
  async () => {
    await stage.kill();
    await stage.start({ SHUTDOWN_TIMEOUT_MS: '500' });
    await isBack();
    const first = await undelivered('Still there?');
    const { code, output } = await (await stage.askedToStop()).ended(10_000);
    expect(code).toBe(0);
    expect(output).toContain('not all was finished in time');
    expect(await deliveredNext('Still there?')).toBe(first);
  },
  LIMIT,
);

test(
  'told to stop a second time it stops at once, and nothing is lost by that either',
  async () => {
    const first = await undelivered('And now?');
    const runtime = await stage.askedToStop();
    runtime.signal('SIGINT');
    expect((await runtime.ended(3_000)).code).toBe(1);
    expect(await deliveredNext('And now?')).toBe(first);
  },
  LIMIT,
);

test(
  'a second runtime on the same store says so and ends, and the first goes on',
  async () => {
    const second = stage.process({ PORT: '0' });
    const { code, output } = await second.ended();
    expect(code).toBe(1);
    expect(output).toContain(IN_USE);
    expect(await isBack()).toMatchObject({ status: 'connected' });
    expect(stage.sandbox.account(PHONE).isOnline()).toBe(true);
  },
  LIMIT,
);

/** A message whose delivery hangs: the receiver has it and does not answer. Returns the id of its event. */
async function undelivered(text: string): Promise<string> {
  stage.hooks.reply = 'never';
  await stage.sandbox.contact(CONTACT).say(stage.sandbox.account(PHONE), text);
  const { id } = await stage.receiver.next(({ event, data }) => event === 'message' && data.text === text);
  return id;
}

/** Starts again, with a receiver that answers; returns the id under which the message comes then. */
async function deliveredNext(text: string): Promise<string> {
  stage.hooks.reply = 200;
  const seen = stage.receiver.events.length;
  await stage.start();
  const again = await stage.receiver.next(
    (event) => stage.receiver.events.indexOf(event) >= seen && event.event === 'message' && event.data.text === text,
  );
  await isBack();
  return again.id;
}
