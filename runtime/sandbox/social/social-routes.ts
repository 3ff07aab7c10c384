/** Over the control server: what anybody does from their phone beside writing, and what is done to accounts. */
import { ControlError, flag, optional, refusing, required } from '../control-route.ts';
import type { Controlled, Field, Given, Route } from '../control-route.ts';
import type { Call } from './call.ts';
import type { Somebody } from './somebody.ts';

const CHAT_STATES = ['typing', 'recording', 'paused'] as const;
const CALL_ENDINGS = ['timeOut', 'hangUp', 'acceptOnPhone', 'rejectOnPhone'] as const;
const BUSINESS = { description: optional, address: optional, email: optional, website: optional, category: optional };
/** A picture in Base64; WhatsApp makes small ones of them, which the sandbox does not. */
const MAX_PICTURE_BYTES = 4 * 1024 * 1024;
const quota: Field = { type: 'number', required: false };

function somebodyAt({ contacts, accounts }: Controlled, phone: string): Somebody {
  const somebody = contacts.get(phone) ?? accounts.get(phone);
  if (!somebody) throw new ControlError(404, `nobody has ${phone}; make a contact with POST /contacts`);
  return somebody;
}

/** One of a few words, or a 400 that names them. */
function oneOf<T extends string>(words: readonly T[], field: string, given: unknown): T {
  const word = words.find((each) => each === given);
  if (!word) throw new ControlError(400, `${field} must be one of ${words.join(', ')}`);
  return word;
}

function timeOf(field: string, given: unknown): Date {
  const time = new Date(String(given));
  if (Number.isNaN(time.getTime())) throw new ControlError(400, `${field} must be an ISO time`);
  return time;
}

/** Does something as the somebody a path names. */
const as =
  (action: (somebody: Somebody, given: Given, sandbox: Controlled) => unknown): Route['handle'] =>
  (sandbox, phone, given) => {
    const somebody = somebodyAt(sandbox, phone);
    return refusing(() => {
      action(somebody, given, sandbox);
      return {};
    });
  };

const post = (path: string, about: string, fields: Route['fields'], handle: Route['handle']): Route => ({
  method: 'POST',
  path,
  about,
  fields,
  handle,
});

/** `{"online": false, "lastSeen": "2026-11-25T10:00:00Z"}`. */
function setPresence(somebody: Somebody, { online, lastSeen }: Given): void {
  const seen = lastSeen === undefined ? undefined : timeOf('lastSeen', lastSeen);
  if (online === true) somebody.comesOnline();
  else somebody.goesOffline(seen);
}

function showIn(somebody: Somebody, { to, state }: Given, sandbox: Controlled): void {
  const chat = sandbox.groups.get(String(to)) ?? somebodyAt(sandbox, String(to));
  somebody[oneOf(CHAT_STATES, 'state', state)](chat);
}

/** An empty picture removes it. */
function setPicture(somebody: Somebody, { base64 }: Given): void {
  somebody.setPicture(base64 === '' ? null : Buffer.from(String(base64), 'base64'));
}

const callSummary = ({ id, from, to, state }: Call) => ({ callId: id, from: from.phone, to: to.phone, state });

function ring(sandbox: Controlled, phone: string, { to, video, group }: Given): object {
  const call = somebodyAt(sandbox, phone).call(somebodyAt(sandbox, String(to)), {
    video: video === true,
    ...(group !== undefined && { groupJid: String(group) }),
  });
  return callSummary(call);
}

function endCall(sandbox: Controlled, phone: string, { callId, how }: Given): Promise<object> {
  const call = somebodyAt(sandbox, phone).findCall(String(callId));
  if (!call) throw new ControlError(404, `no call ${String(callId)} rings or is under way`);
  const ending = oneOf(CALL_ENDINGS, 'how', how);
  return refusing(() => {
    call[ending]();
    return callSummary(call);
  });
}

export const socialRoutes: readonly Route[] = [
  post(
    '/people/:phone/presence',
    'Somebody comes online or goes offline.',
    { online: { ...flag, required: true }, lastSeen: optional },
    as(setPresence),
  ),
  post(
    '/people/:phone/chat-state',
    'Somebody is typing, recording or paused in a chat.',
    { to: required, state: required },
    as(showIn),
  ),
  {
    ...post(
      '/people/:phone/picture',
      'Gives somebody a profile picture, in Base64; an empty one removes it.',
      { base64: required },
      as(setPicture),
    ),
    maxBytes: MAX_PICTURE_BYTES,
  },
  post(
    '/people/:phone/about',
    "Changes somebody's about text.",
    { text: required },
    as((somebody, { text }) => somebody.setAbout(String(text))),
  ),
  post(
    '/people/:phone/business',
    'Makes somebody a business with a profile; without any field it is none any more.',
    BUSINESS,
    as((somebody, profile) => somebody.setBusiness(Object.keys(profile).length > 0 ? profile : null)),
  ),
  post(
    '/people/:phone/privacy',
    'Changes one privacy setting of somebody.',
    { setting: required, value: required },
    as((somebody, { setting, value }) => somebody.setPrivacy(String(setting), String(value))),
  ),
  post(
    '/people/:phone/block',
    'Somebody blocks somebody else, or no longer.',
    { other: required, blocked: { ...flag, required: true } },
    as((somebody, { other, blocked }, sandbox) => {
      const whom = somebodyAt(sandbox, String(other));
      if (blocked === true) somebody.block(whom);
      else somebody.unblock(whom);
    }),
  ),
  post(
    '/people/:phone/trust',
    'Somebody hands a trusted-contact token to somebody else.',
    { other: required },
    as((somebody, { other }, sandbox) => somebody.trust(somebodyAt(sandbox, String(other)))),
  ),
  post(
    '/people/:phone/call',
    'Somebody calls an account, by voice or video.',
    { to: required, video: flag, group: optional },
    ring,
  ),
  post(
    '/people/:phone/end-call',
    'A call is not answered in time, hung up, or taken or rejected on the phone.',
    { callId: required, how: required },
    endCall,
  ),
  post(
    '/accounts/:phone/restrict',
    'The account may not write to strangers until a time; with told false it learns so when it is refused.',
    { until: required, enforcement: optional, told: flag },
    (sandbox, phone, given) =>
      refusing(() => {
        const { enforcement, told = true } = given;
        const until = timeOf('until', given['until']);
        sandbox.restrictions.restrict(phone, {
          until,
          ...(enforcement !== undefined && { enforcement: String(enforcement) }),
          told: told === true,
        });
        return {};
      }),
  ),
  post('/accounts/:phone/lift', 'The account may write to strangers again.', {}, ({ restrictions }, phone) =>
    refusing(() => {
      restrictions.lift(phone);
      return {};
    }),
  ),
  post(
    '/accounts/:phone/new-chats',
    'Caps how many new chats the account may begin; without quota it may begin any.',
    { quota },
    ({ restrictions }, phone, given) =>
      refusing(() => {
        restrictions.capNewChats(phone, given['quota'] === undefined ? null : Number(given['quota']));
        return {};
      }),
  ),
];
