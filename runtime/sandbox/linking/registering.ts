/** What a client without an account may send: it asks to be linked with a code, and keeps its connection alive. */
import { jidDecode } from '@whiskeysockets/baileys';
import type { Connection } from '../connection.ts';
import { bytesOf, child, children, node, SERVICE } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';

/**
 * Operating systems WhatsApp lets a client name in `companion_platform_display`. A product's name there is answered
 * with 400, which Baileys 7.0.0-rc14 does not notice (WhiskeySockets/Baileys#2560, oxidezap/whatsapp-rust#979).
 */
const SYSTEMS = 'Windows|Mac OS|macOS|Linux|Ubuntu|Debian|Fedora|Chromium OS|Android|iOS';
const DISPLAY = new RegExp(`^[A-Za-z ]+ \\((${SYSTEMS})\\)$`);

/** An ack says that a notification came, `<ib>` is telemetry, and presence shows to nobody before the login. */
const SILENT = new Set(['ack', 'ib', 'presence']);

const badRequest = node('error', { code: '400', text: 'bad-request' });

export function handleRegistering(world: World, connection: Connection, stanza: Stanza): void {
  if (SILENT.has(stanza.tag)) return;
  const { id = '', xmlns = '' } = stanza.attrs;
  const about = children(stanza)[0] ?? node('');
  const query = QUERIES[`${stanza.tag}/${xmlns}/${about.attrs['stage'] ?? about.tag}`];
  if (!query) return world.unhandled(stanza);
  const content = query(world, connection, about);
  const attrs = { id, from: SERVICE, type: content?.tag === 'error' ? 'error' : 'result' };
  connection.send(node('iq', attrs, content && [content]));
}

type Query = (world: World, connection: Connection, about: Stanza) => Stanza | undefined;

const QUERIES: Readonly<Record<string, Query>> = {
  'iq/w:p/ping': () => undefined,
  'iq/md/companion_hello': hello,
  'iq/md/companion_finish': finish,
};

/** Keeps the client's wrapped key for the phone that may type the code; the reference names the attempt. */
function hello({ registrations }: World, connection: Connection, about: Stanza): Stanza {
  const wrappedKey = bytesOf(child(about, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
  const display = bytesOf(child(about, 'companion_platform_display'))?.toString() ?? '';
  const phone = jidDecode(about.attrs['jid'])?.user;
  if (!wrappedKey || !phone || !DISPLAY.test(display)) return badRequest;
  const reference = registrations.askForCode(connection, phone, wrappedKey);
  if (!reference) return badRequest;
  const ref = node('link_code_pairing_ref', {}, reference);
  return node('link_code_companion_reg', { stage: 'companion_hello' }, [ref]);
}

/** The server cannot tell a right code from a wrong one: it only carries the sealed keys to the phone. */
function finish({ registrations }: World, connection: Connection, about: Stanza): Stanza | undefined {
  const bundle = bytesOf(child(about, 'link_code_pairing_wrapped_key_bundle'));
  const reference = bytesOf(child(about, 'link_code_pairing_ref'));
  const request = registrations.codeRequestOf(connection);
  if (!bundle || !request || !reference?.equals(request.reference)) return badRequest;
  request.onBundle(bundle);
  return undefined;
}
