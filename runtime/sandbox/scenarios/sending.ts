/** What a step sends that is more than a text: every kind of content, and what people do to messages. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Contact } from '../contact.ts';
import { contentOf, isFileKind } from '../given-content.ts';
import type { Given } from '../control-route.ts';
import { Group } from '../groups/groups.ts';
import { SAMPLE_JPEG } from './sample.ts';
import { isAct } from './scenario.ts';
import type { Act, Action, GivenContent } from './scenario.ts';
import type { Stage } from './stage.ts';

export async function send(stage: Stage, action: Extract<Action, { sends: unknown }>): Promise<void> {
  const { contact, sends, in: group, quotes, as } = action;
  const sender = stage.contact(contact);
  const { messageId } = isAct(sends)
    ? await doTo(stage, sender, sends)
    : await sendContent(stage, sender, sends, { group, quotes });
  if (as !== undefined) stage.messages.set(as, messageId);
}

function doTo(stage: Stage, sender: Contact, act: Act): Promise<{ messageId: string }> {
  const id = stage.idOf(act.to);
  switch (act.kind) {
    case 'reaction':
      return sender.react(id, act.emoji);
    case 'edit':
      return sender.edit(id, stage.fill(act.text));
    case 'deletion':
      return sender.deleteForEveryone(id);
    case 'vote':
      return sender.vote(
        id,
        act.options.map((option) => stage.fill(option)),
      );
    default:
      return act satisfies never;
  }
}

async function sendContent(
  stage: Stage,
  sender: Contact,
  content: GivenContent,
  { group, quotes }: { group: string | undefined; quotes: string | undefined },
): Promise<{ messageId: string }> {
  const chat = stage.chat(group);
  const options = quotes === undefined ? {} : { quoted: stage.idOf(quotes) };
  const { file, ...rest } = content;
  const given = { ...(filled(stage, rest) as Given), ...(await dataOf(stage, content.kind, file)) };
  // In a scenario people have names.
  const addressOf = (name: string) => {
    const { lid, jid } = stage.person(name);
    return chat instanceof Group && chat.addressing === 'pn' ? jid : lid;
  };
  const made = contentOf(given, addressOf);
  return 'file' in made ? sender.sendFile(chat, made.file, options) : sender.send(chat, made.message, options);
}

/** The bytes of the file a step names, beside the scenario's own file; a picture can do without. */
async function dataOf(stage: Stage, kind: string, file: string | undefined): Promise<Given> {
  if (!isFileKind(kind)) return {};
  const bytes = file === undefined ? SAMPLE_JPEG : await readFile(resolve(dirname(stage.scenario.source), file));
  return { data: bytes.toString('base64') };
}

/** The same with its variables filled in, however deep they are. */
function filled(stage: Stage, value: unknown): unknown {
  if (typeof value === 'string') return stage.fill(value);
  if (Array.isArray(value)) return value.map((each) => filled(stage, each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(stage, each)]));
}
