/** What the cases of every operation have in common: what they find there, and the words they are written in. */
import { expect } from '@jest/globals';
import type { IDataObject } from 'n8n-workflow';
import { JPEG } from './jpeg.ts';
import type { Receiver } from './receiver.ts';
import type { RuntimeProcess } from './runtime-process.ts';

/** Words of those who call the API; who builds a workflow has never seen it. */
export const API_TALK =
  /\b(GET|POST|PUT|PATCH|DELETE) \/|\/openapi|Authorization:|Content-Type|Idempotency-Key: |retryAfter|nextCursor|\bdetails\b|Last-Event-ID|the header/;

export const ACCOUNT = '15550102010';
export const ADA = '15550102011';
export const BEN = '15550102012';
export const SHY = '15550102013';
let phones = 15550102020;
/** A number nobody has yet. */
export const freshPhone = () => String(phones++);
let sessions = 0;

/** What the cases find there: a session "desk", whom it knows, a group, and a webhook that took an event. */
export interface World {
  runtime: RuntimeProcess;
  group: string;
  /** The latest message of Ada. */
  messageId: string;
  webhookId: string;
  eventId: string;
}

export interface OperationCase {
  succeeds(world: World): Promise<Success> | Success;
  fails: 'unreachable' | ((world: World) => Failure);
}
export interface Success {
  parameters: IDataObject;
  /** The items; files are beside the rest as `binary`. */
  gives: object;
}
export interface Failure {
  parameters: IDataObject;
  message: RegExp;
}

export async function prepared(runtime: RuntimeProcess, receiver: Receiver): Promise<World> {
  const { sandbox } = runtime;
  await runtime.linkedSession('desk', ACCOUNT);
  await sandbox.contact(ADA, { name: 'Ada' });
  await sandbox.contact(BEN, { name: 'Ben' });
  await sandbox.call('POST', `/people/${ADA}/picture`, { base64: JPEG.toString('base64') });
  const choir = { subject: 'Choir', members: [ADA, ACCOUNT], owner: ADA };
  const { jid: group } = await sandbox.call<{ jid: string }>('POST', '/groups', choir);
  const subscription = { url: receiver.url, sessionId: 'desk', events: ['message'] };
  const { webhookId } = await runtime.api<{ webhookId: string }>('POST', '/webhooks', subscription);
  const { messageId } = await sandbox.say(ADA, ACCOUNT, 'hello');
  const { id: eventId } = await receiver.next(({ data }) => data.messageId === messageId);
  return { runtime, group, messageId, webhookId, eventId };
}

export const locator = (value: string, mode = 'id') => ({ __rl: true, mode, value });
export const to = (phone: string) => ({ to: locator(phone, 'phone') });
export const id = expect.any(String) as unknown as string;
export const ABSENT = { session: locator('absent') };

export const wrong = (message: RegExp, parameters: IDataObject) => (): Failure => ({ parameters, message });
export const noSession = (parameters: IDataObject = {}) =>
  wrong(/^There is no session with this id/, { ...parameters, ...ABSENT });
export const noMessage = (parameters: IDataObject = {}) =>
  wrong(/^There is no message with this id/, { ...to(ADA), messageId: '3EB0ABSENT', ...parameters });
export const noWebhook = (parameters: IDataObject = {}) =>
  wrong(/^There is no webhook subscription with this id/, { webhook: locator('wh_absent'), ...parameters });
export const noProxy = wrong(/^There is no proxy with this id/, { proxyId: 'px_absent' });
export const nobody = (parameters: IDataObject = {}) =>
  wrong(/neither a phone number nor a WhatsApp address/, { ...to('call me'), ...parameters });
export const gives = (parameters: IDataObject, ...items: object[]): Success => ({ parameters, gives: items });
export const alwaysGives =
  (parameters: IDataObject, ...items: object[]) =>
  (): Success =>
    gives(parameters, ...items);

/** Somebody who wrote first: in a chat of many messages the next one has to wait. */
export async function acquaintance({ runtime }: World): Promise<string> {
  const phone = freshPhone();
  await runtime.sandbox.contact(phone);
  await runtime.heard(phone, ACCOUNT, 'hello');
  return phone;
}

/** A message to somebody that WhatsApp has, or that still waits for its time. */
export async function message(world: World, more: object = { waitFor: 'sent', timeout: 30 }) {
  const phone = await acquaintance(world);
  const body = { sessionId: 'desk', to: phone, text: `to ${phone}`, ...more };
  const { messageId } = await world.runtime.api<{ messageId: string }>('POST', '/messages/text', body);
  return { ...to(phone), messageId };
}

export async function bulk(world: World) {
  const text = 'We open on Monday';
  const people = [await acquaintance(world), await acquaintance(world)];
  const messages = people.map((phone) => ({ to: phone, text, delay: 3_600_000 }));
  const made = { sessionId: 'desk', messages };
  return (await world.runtime.api<{ bulkId: string }>('POST', '/messages/text/bulk', made)).bulkId;
}

/** A session of the case's own: made, and linked where that is needed. */
export async function session({ runtime }: World, linked = false) {
  const sessionId = `spare-${sessions++}`;
  if (linked) await runtime.linkedSession(sessionId, freshPhone());
  else await runtime.api('POST', '/sessions', { sessionId });
  return { session: locator(sessionId) };
}

export const proxyAddress = async ({ runtime }: World) =>
  (await runtime.sandbox.call<{ url: string }>('POST', '/proxies', { kind: 'socks5' })).url;

export async function pooled(world: World): Promise<string> {
  const url = await proxyAddress(world);
  return (await world.runtime.api<{ proxyId: string }>('POST', '/proxies', { url })).proxyId;
}

export const webhook = ({ webhookId }: World) => ({ webhook: locator(webhookId) });
