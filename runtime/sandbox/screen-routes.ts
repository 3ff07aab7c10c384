/** Over the control server: what a contact's phone shows, the files of it, waiting for it, and reading it. */
import { contactOf, ControlError, optional, refusing, Reply, required } from './control-route.ts';
import type { Controlled, Given, PathParts, Route } from './control-route.ts';
import type { Contact } from './contact.ts';
import { carriedFile } from './media/media.ts';
import type { ScreenMessage } from './screen.ts';
import { entryView, fileFacts, rowView } from './screen-view.ts';

const DEFAULT_WAIT_SECONDS = 20;
const MAX_WAIT_SECONDS = 120;
/** What a browser may show by itself, without asking whether to keep it. */
const SHOWN = /^(image|video|audio)\//;
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+(;[ -~]*)?$/;

function secondsOf(timeout: unknown): number {
  const seconds = timeout === undefined ? DEFAULT_WAIT_SECONDS : Number(timeout);
  if (!(seconds >= 0 && seconds <= MAX_WAIT_SECONDS)) {
    throw new ControlError(400, `timeout must be 0 to ${MAX_WAIT_SECONDS} seconds`);
  }
  return seconds;
}

/** Waits for a message that has a text in it, is of a kind, or both. */
async function waitFor(contact: Contact, { text, kind, timeout }: Given): Promise<object> {
  const milliseconds = secondsOf(timeout) * 1_000;
  if (text === undefined && kind === undefined) throw new ControlError(400, 'say what to wait for: text, kind or both');
  const fits = (row: ScreenMessage) =>
    row.text.includes(String(text ?? '')) && (kind === undefined || row.kind === kind);
  try {
    return rowView(await contact.waitForMessage(fits, milliseconds));
  } catch (error) {
    throw new ControlError(408, error instanceof Error ? error.message : String(error));
  }
}

/** `?own=true` shows what the contact wrote as well. */
function screen(contact: Contact, own: unknown): object {
  if (own !== undefined && own !== 'true' && own !== 'false') throw new ControlError(400, 'own must be true or false');
  if (own !== 'true') return { screen: contact.screen.map(rowView) };
  return { screen: contact.conversation.map((entry) => entryView(entry, contact)) };
}

/** Whoever writes to a contact chooses what the file is: it must never run as a page of this server. */
const headersOf = (mimetype: string, fileName: string | null) => ({
  'content-type': MIME_TYPE.test(mimetype) ? mimetype : 'application/octet-stream',
  'content-disposition':
    (SHOWN.test(mimetype) ? 'inline' : 'attachment') +
    (fileName === null
      ? ''
      : `; filename*=UTF-8''${encodeURIComponent(fileName.toWellFormed()).replaceAll("'", '%27')}`),
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
});

async function file(sandbox: Controlled, phone: string, { messageId = '' }: PathParts): Promise<Reply> {
  const row = contactOf(sandbox, phone).message(messageId);
  if (!row) throw new ControlError(404, `message ${messageId} is not on the screen of ${phone}`);
  const facts = fileFacts(row.content);
  if (!facts) throw new ControlError(404, `message ${messageId} carries no file`);
  const bytes = await row.file().catch((error: unknown) => {
    throw new ControlError(404, error instanceof Error ? error.message : String(error));
  });
  return new Reply((response) => {
    response.writeHead(200, { ...headersOf(facts.mimetype, facts.fileName), 'content-length': bytes.length });
    response.end(bytes);
  });
}

function forgetFile(sandbox: Controlled, phone: string, messageId: string): object {
  const row = contactOf(sandbox, phone).message(messageId);
  const path = row && carriedFile(row.content)?.directPath;
  if (!path || !sandbox.media.forget(path)) throw new ControlError(404, `there is no file of message ${messageId}`);
  return {};
}

export const screenRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/contacts/:phone/screen',
    about: "What the contact's phone shows; with own=true, what the contact wrote as well.",
    fields: { own: optional },
    handle: (sandbox, phone, { own }) => screen(contactOf(sandbox, phone), own),
  },
  {
    method: 'GET',
    path: '/contacts/:phone/files/:messageId',
    about: 'The file of a message on the screen, decrypted: its bytes, with their content type.',
    fields: {},
    handle: (sandbox, phone, _given, parts) => file(sandbox, phone, parts),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/forget-file',
    about: 'The file of a message is gone from the media host, as it is at WhatsApp after some weeks.',
    fields: { messageId: required },
    handle: (sandbox, phone, { messageId }) => forgetFile(sandbox, phone, String(messageId)),
  },
  {
    method: 'GET',
    path: '/contacts/:phone/wait',
    about: 'Waits until a message with this text, of this kind, or both is on the screen, up to timeout seconds.',
    fields: { text: optional, kind: optional, timeout: optional },
    handle: (sandbox, phone, given) => waitFor(contactOf(sandbox, phone), given),
  },
  {
    method: 'POST',
    path: '/contacts/:phone/read',
    about: 'The contact reads a message, which sends the read receipt.',
    fields: { messageId: required },
    handle: async (sandbox, phone, { messageId }) => {
      const contact = contactOf(sandbox, phone);
      await refusing(() => contact.read(String(messageId)));
      return {};
    },
  },
];
