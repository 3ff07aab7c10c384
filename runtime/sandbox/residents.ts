/** The people a user finds in a sandbox: Ann to write as, Echo who repeats what it is told, Chatty who begins to talk. */
import type { Account } from './account.ts';
import type { Sandbox } from './sandbox.ts';

export const ANN = '15550100002';
export const ECHO = '15550100003';
export const CHATTY = '15550100004';

/** What Chatty says, one line for each answer it gets. */
const CHAT = [
  'Hi! Are you open today?',
  'And tomorrow?',
  'I would like two tickets. How much are they?',
  'Do you take cards?',
  'Could you write my name down? It is Chatty.',
  'Great, thank you. Bye!',
];

/** A machine answering a machine never ends, so that one of them has to: this many answers in this long, then silence. */
const MOST_ANSWERS = 6;
const WITHIN_MS = 60_000;

type Home = Pick<Sandbox, 'contact' | 'account' | 'events'>;

/** Brings them in. Chatty writes to an account when it first comes online; `log` is told when one falls silent. */
export function settle(sandbox: Home, log: (line: string) => void): void {
  sandbox.contact(ANN, { name: 'Ann', readsAtOnce: true });
  sandbox.contact(ECHO, { name: 'Echo', readsAtOnce: true, repliesWith: bounded('Echo', (text) => text, log) });
  let line = 0;
  const next = () => CHAT[line++ % CHAT.length] ?? '';
  const chatty = sandbox.contact(CHATTY, {
    name: 'Chatty',
    readsAtOnce: true,
    repliesWith: bounded('Chatty', next, log),
  });
  const greeted = new Set<Account>();
  sandbox.events.on('login', ({ phone }) => {
    const account = sandbox.account(phone);
    if (greeted.has(account)) return;
    greeted.add(account);
    void chatty.say(account, next()).catch((error: unknown) => log(`Chatty could not write: ${String(error)}`));
  });
}

/** A way of answering that falls silent when answers come too fast for a person, until it has been quiet for a while. */
function bounded(name: string, answer: (text: string) => string, log: (line: string) => void) {
  let times: number[] = [];
  return (text: string): string | null => {
    const now = Date.now();
    times = [...times.filter((at) => now - at < WITHIN_MS), now];
    if (times.length === MOST_ANSWERS + 1) log(`${name} falls silent: this looks like one machine talking to another`);
    return times.length > MOST_ANSWERS ? null : answer(text);
  };
}
