/** A case of success and one of failure for every operation of Session Control. */
import { expect } from '@jest/globals';
import {
  ACCOUNT,
  ADA,
  BEN,
  SHY,
  type OperationCase,
  locator,
  to,
  id,
  wrong,
  noSession,
  noWebhook,
  noProxy,
  nobody,
  gives,
  alwaysGives,
  session,
  proxyAddress,
  pooled,
  webhook,
  freshPhone,
} from './operation-world.ts';

export const CHAT: Record<string, OperationCase> = {
  followPresence: { succeeds: alwaysGives(to(ADA), { presence: expect.anything() }), fails: nobody() },
  getAll: {
    succeeds: alwaysGives({ returnAll: true, filters: { search: 'ada' } }, { name: 'Ada' }),
    fails: noSession(),
  },
  getPicture: {
    succeeds: alwaysGives(
      { ...to(ADA), size: 'large', binaryPropertyName: 'face' },
      { binary: { face: { mimeType: 'image/jpeg', data: id } } },
    ),
    fails: wrong(/^There is no picture/, { ...to(BEN), size: 'small', binaryPropertyName: 'face' }),
  },
  markRead: {
    succeeds: ({ messageId }) => gives({ ...to(ADA), messageIds: messageId }, { marked: 1 }),
    fails: nobody(),
  },
  showTyping: {
    succeeds: alwaysGives({ ...to(ADA), typing: 'typing' }, { state: 'typing' }),
    fails: nobody({ typing: 'typing' }),
  },
};

export const CONTACT: Record<string, OperationCase> = {
  check: {
    succeeds: alwaysGives({ phones: `+${ADA}` }, { phone: `+${ADA}`, exists: true }),
    fails: wrong(/^There is no phone number to check/, { phones: ' ' }),
  },
  get: { succeeds: alwaysGives(to(ADA), { phone: `+${ADA}`, pushName: 'Ada' }), fails: nobody() },
  getAbout: { succeeds: alwaysGives(to(ADA), { text: id }), fails: nobody() },
};

const noGroup = wrong(/^There is no such group/, { group: locator('120363000000000000@g.us', 'address') });
export const GROUP: Record<string, OperationCase> = {
  get: { succeeds: ({ group }) => gives({ group: locator(group) }, { subject: 'Choir' }), fails: noGroup },
  getAll: { succeeds: alwaysGives({}, { subject: 'Choir', size: 2 }), fails: noSession() },
  getMembers: {
    succeeds: ({ group }) => gives({ group: locator(group) }, { phone: id }, { phone: id }),
    fails: noGroup,
  },
};

export const OPT_OUT: Record<string, OperationCase> = {
  add: {
    succeeds: alwaysGives({ contact: SHY, basis: 'asked by phone' }, { basis: 'asked by phone' }),
    fails: wrong(/^The request is not valid/, { contact: SHY, basis: ' ' }),
  },
  check: {
    succeeds: alwaysGives({ contact: SHY }, { optOut: { basis: 'asked by phone' } }),
    fails: nobody({ contact: 'call me' }),
  },
  getAll: { succeeds: alwaysGives({}, { basis: 'asked by phone' }), fails: noSession() },
  remove: { succeeds: alwaysGives({ contact: SHY }, { removed: true }), fails: nobody({ contact: 'call me' }) },
};

const notAnAddress = /^The proxy address is not valid/;
export const PROXY: Record<string, OperationCase> = {
  choose: {
    succeeds: async (world) =>
      gives({ ...(await session(world)), mode: 'own', proxyUrl: await proxyAddress(world) }, { proxyMode: 'own' }),
    fails: wrong(notAnAddress, { mode: 'own', proxyUrl: 'my proxy' }),
  },
  create: {
    succeeds: async (world) => gives({ proxyUrl: await proxyAddress(world) }, { proxyId: id }),
    fails: wrong(notAnAddress, { proxyUrl: 'my proxy' }),
  },
  delete: { succeeds: async (world) => gives({ proxyId: await pooled(world) }, { deleted: true }), fails: noProxy },
  getAll: {
    succeeds: async (world) => {
      const proxyId = await pooled(world);
      return { parameters: {}, gives: expect.arrayContaining([expect.objectContaining({ proxyId })]) as object };
    },
    fails: 'unreachable',
  },
  test: { succeeds: async (world) => gives({ proxyId: await pooled(world) }, { ok: true }), fails: noProxy },
};

export const RUNTIME: Record<string, OperationCase> = {
  getHealth: { succeeds: alwaysGives({}, { status: 'ok' }), fails: 'unreachable' },
  getProtocolReport: { succeeds: alwaysGives({}, { period: {}, anomalies: [] }), fails: 'unreachable' },
};

const QR_FIELD = { binaryPropertyName: 'code' };
export const SESSION: Record<string, OperationCase> = {
  create: {
    succeeds: alwaysGives({ sessionId: 'made' }, { sessionId: 'made', hash: id }),
    fails: wrong(/^There is already a session with this id/, { sessionId: 'desk' }),
  },
  delete: { succeeds: async (world) => gives(await session(world), { deleted: true }), fails: noSession() },
  disconnect: {
    succeeds: async (world) => gives(await session(world, true), { status: 'disconnected' }),
    fails: noSession(),
  },
  get: { succeeds: alwaysGives({}, { sessionId: 'desk', phone: `+${ACCOUNT}` }), fails: noSession() },
  getAll: { succeeds: alwaysGives({ returnAll: false, limit: 1 }, { sessionId: id }), fails: 'unreachable' },
  getHealth: {
    succeeds: alwaysGives({}, { status: 'healthy', connection: 'connected', verdict: { action: id } }),
    fails: noSession(),
  },
  getLimits: { succeeds: alwaysGives({}, { messages: { used: expect.any(Number) } }), fails: noSession() },
  getPairingCode: {
    async succeeds(world) {
      const spare = await session(world);
      await world.runtime.api('GET', `/sessions/${spare.session.value}/wait?status=qr&timeout=30`);
      return gives({ ...spare, phone: `+${freshPhone()}` }, { code: id });
    },
    fails: wrong(/already/, { phone: `+${ACCOUNT}` }),
  },
  getQrCode: {
    succeeds: async (world) =>
      gives(
        { ...(await session(world)), ...QR_FIELD },
        { qr: id, binary: { code: { mimeType: 'image/png', data: id } } },
      ),
    fails: wrong(/^There is no QR code to scan/, QR_FIELD),
  },
  getStatus: { succeeds: alwaysGives({}, { status: 'connected' }), fails: noSession() },
  link: {
    succeeds: async (world) => gives(await session(world), { outcome: 'scan', qr: id, binary: { data: { data: id } } }),
    fails: noSession(),
  },
  logOut: { succeeds: async (world) => gives(await session(world, true), { loggedOut: true }), fails: noSession() },
  reconnect: { succeeds: async (world) => gives(await session(world, true), { sessionId: id }), fails: noSession() },
  update: {
    succeeds: alwaysGives({ updateFields: { dailyLimit: 900 } }, { dailyLimit: 900 }),
    fails: noSession({ updateFields: { dailyLimit: 900 } }),
  },
  wait: {
    succeeds: alwaysGives({ statuses: ['connected'], timeout: 5 }, { status: 'connected', reached: true }),
    fails: noSession({ statuses: ['connected'], timeout: 1 }),
  },
};

export const WEBHOOK: Record<string, OperationCase> = {
  getAll: {
    succeeds: ({ webhookId }) => ({
      parameters: { of: 'allSessions' },
      gives: expect.arrayContaining([expect.objectContaining({ webhookId })]) as object,
    }),
    fails: 'unreachable',
  },
  getDelivery: {
    succeeds: (world) => gives({ ...webhook(world), eventId: world.eventId }, { eventId: world.eventId }),
    fails: (world) => ({
      parameters: { ...webhook(world), eventId: 'evt_absent' },
      message: /^There is no such event/,
    }),
  },
  getDeliveries: {
    succeeds: (world) => gives({ ...webhook(world), returnAll: false, limit: 1 }, { event: 'message' }),
    fails: noWebhook({ returnAll: true }),
  },
  pause: { succeeds: (world) => gives(webhook(world), { status: 'paused' }), fails: noWebhook() },
  resume: { succeeds: (world) => gives(webhook(world), { status: 'active' }), fails: noWebhook() },
  ping: { succeeds: (world) => gives(webhook(world), { status: 200 }), fails: noWebhook() },
  redrive: {
    succeeds: (world) => gives({ ...webhook(world), eventId: world.eventId }, { redriven: 0 }),
    fails: noWebhook(),
  },
  replay: { succeeds: (world) => gives({ ...webhook(world), last: 1 }, { queued: 1 }), fails: noWebhook({ last: 1 }) },
  delete: { succeeds: (world) => gives(webhook(world), { deleted: true }), fails: noWebhook() },
};
