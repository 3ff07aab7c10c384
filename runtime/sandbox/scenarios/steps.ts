/** What each kind of step does; those that hold other steps are in `run.ts`. Each throws when it fails. */
import { on } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import type { ScreenMessage } from '../screen.ts';
import { millisecondsOf } from './scenario.ts';
import type { Action, Expectation } from './scenario.ts';
import { send } from './sending.ts';
import type { Stage } from './stage.ts';

type Simple = Exclude<Action, { repeat: number } | { fault: string }>;

const DEFAULT_WITHIN = '20s';
/** WhatsApp holds an account back for a day and more; here it must not outlast the scenario. */
const DEFAULT_RESTRICTION = '1h';

export async function doStep(stage: Stage, action: Simple): Promise<void> {
  if ('says' in action) return say(stage, action);
  if ('sends' in action) return send(stage, action);
  if (isExpected(action)) return expectOf(stage, action);
  if ('wait' in action) return waitFor(stage, action.wait);
  if ('group' in action) return changeGroup(stage, action);
  if ('account' in action) {
    const { account, for: duration = DEFAULT_RESTRICTION, told = true } = action;
    return stage.restrict(account === 'lift' ? null : millisecondsOf(duration), told);
  }
  for (const [name, value] of Object.entries(action.set)) stage.variables.set(name, stage.fill(String(value)));
}

type Expected = Extract<Action, { expect: unknown } | { silence: unknown } | { refused: unknown }>;

const isExpected = (action: Simple): action is Expected =>
  'expect' in action || 'silence' in action || 'refused' in action;

async function expectOf(stage: Stage, action: Expected): Promise<void> {
  if ('expect' in action) return expectMessage(stage, action.expect);
  if ('silence' in action) return expectSilence(stage, action.silence);
  return expectRefusal(stage, action.refused);
}

async function say(stage: Stage, action: Extract<Action, { says: string }>): Promise<void> {
  const { contact, says, in: group, quotes, mentions, as } = action;
  const chat = stage.chat(group);
  const text = stage.fill(says);
  const quoted = quotes === undefined ? {} : { quoted: stage.idOf(quotes) };
  const { messageId } = mentions
    ? await stage.contact(contact).send(chat, mentioning(stage, text, mentions))
    : await stage.contact(contact).say(chat, text, quoted);
  if (as !== undefined) stage.messages.set(as, messageId);
}

function mentioning(stage: Stage, text: string, names: readonly string[]): proto.IMessage {
  const people = names.map((name) => stage.person(name));
  const marks = people.map(({ lid }) => `@${lid.split('@')[0]}`).join(' ');
  return {
    extendedTextMessage: { text: `${marks} ${text}`, contextInfo: { mentionedJid: people.map(({ lid }) => lid) } },
  };
}

async function expectMessage(stage: Stage, expectation: Expectation): Promise<void> {
  const { at, text, matching, kind, in: group, within = DEFAULT_WITHIN, as } = expectation;
  const exactly = text === undefined ? null : stage.fill(text);
  const pattern = matching === undefined ? null : stage.pattern(matching);
  const groupJid = group === undefined ? null : stage.group(group).jid;
  const fits = (row: ScreenMessage) =>
    stage.isNew(at, row.messageId) &&
    row.group === groupJid &&
    (exactly === null || row.text === exactly) &&
    (kind === undefined || row.kind === kind) &&
    (pattern === null || pattern.test(row.text));
  const contact = stage.contact(at);
  const row = await contact.waitForMessage(fits, millisecondsOf(within)).catch((error: unknown) => {
    const others = contact.screen.filter(({ messageId }) => stage.isNew(at, messageId));
    const seen = others.map(({ kind: what, text: words }) => `${what} ${JSON.stringify(words)}`).join(', ');
    throw new Error(`${error instanceof Error ? error.message : String(error)}; what came: ${seen || 'nothing'}`);
  });
  stage.meet(at, row.messageId);
  if (as !== undefined) stage.messages.set(as, row.messageId);
  const captured = pattern?.exec(row.text)?.groups ?? {};
  for (const [name, value] of Object.entries(captured)) stage.variables.set(name, value ?? '');
}

async function expectSilence(stage: Stage, { at, for: duration }: { at: string; for: string }): Promise<void> {
  await stage.pause(duration);
  const came = stage.contact(at).screen.filter(({ messageId }) => stage.isNew(at, messageId));
  if (came.length > 0) throw new Error(`something came: ${came.map(({ text }) => JSON.stringify(text)).join(', ')}`);
  const refused = stage.refusals.to(stage.jidsOf(at));
  if (refused.length > 0) throw new Error(`something was tried and refused: ${refused.join(', ')}`);
}

async function expectRefusal(
  stage: Stage,
  { to, error, within = DEFAULT_WITHIN }: Extract<Action, { refused: unknown }>['refused'],
): Promise<void> {
  const signal = AbortSignal.any([stage.signal, AbortSignal.timeout(millisecondsOf(within))]);
  const jids = stage.jidsOf(to);
  try {
    await stage.refusals.meet(jids, error, signal);
  } catch {
    stage.signal.throwIfAborted();
    const others = stage.refusals.to(jids).join(', ') || 'nothing';
    throw new Error(`no message to ${to} was refused within ${within}; refused was ${others}`);
  }
}

async function waitFor(stage: Stage, wait: Extract<Action, { wait: unknown }>['wait']): Promise<void> {
  if (typeof wait === 'string') return stage.pause(wait);
  return becomes(stage, wait.online, wait.within ?? DEFAULT_WITHIN);
}

/** Waits until a device of the account is online, or none is. */
async function becomes(stage: Stage, online: boolean, within: string): Promise<void> {
  if (stage.account.isOnline() === online) return;
  const signal = AbortSignal.any([stage.signal, AbortSignal.timeout(millisecondsOf(within))]);
  const { events } = stage.sandbox;
  try {
    for await (const [{ phone }] of on(events, online ? 'login' : 'closed', { signal })) {
      if (phone === stage.account.phone && stage.account.isOnline() === online) return;
    }
  } catch {
    stage.signal.throwIfAborted();
    throw new Error(`the account is ${online ? 'not online' : 'still online'} after ${within}`);
  }
}

function changeGroup(stage: Stage, action: Extract<Action, { group: string }>): void {
  const group = stage.group(action.group);
  for (const name of action.add ?? []) group.add([stage.person(name)]);
  for (const name of action.remove ?? []) group.remove([stage.person(name)]);
  if (action.subject !== undefined) group.setSubject(stage.fill(action.subject));
}
