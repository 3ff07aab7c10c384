/**
 * The runtime killed with SIGKILL at random moments of linking, sending and receiving. After each kill it is started
 * again, and nothing may be lost, shown twice or told under two ids, and the session must open without a new QR code.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { scanCode } from './api-call.ts';
import { CrashStage, PHONE, SESSION } from './crash-stage.ts';
import { eventually } from './deadline.ts';

const DEADLINE_MS = 30_000;
const CONTACT = '15550100100';
/** So many a round of sending or receiving. */
export const MESSAGES = 3;
/** Long enough to fall anywhere within what is going on, and sometimes after it. */
const LATEST_MS = 700;

export interface Kills {
  linking: number;
  sending: number;
  receiving: number;
  /** How often a half-made link had to be made anew; the phone's part of it was not finished. */
  linkedAgain: number;
}

/** Kills so often, by the dice given; rejects with what went wrong. `note` hears of each round. */
export async function killAtRandom(count: number, random: () => number, note: (round: string) => void): Promise<Kills> {
  const kills: Kills = { linking: 0, sending: 0, receiving: 0, linkedAgain: 0 };
  const stage = await CrashStage.open();
  try {
    await stage.known(CONTACT);
    for (let round = 0; round < count; round++) {
      const what = (['linking', 'sending', 'receiving'] as const)[round % 3] ?? 'sending';
      const killAfter = Math.floor(random() * LATEST_MS);
      note(`${round} ${what}, killed after ${killAfter} ms`);
      if (what === 'linking') kills.linkedAgain += await linking(stage, round, killAfter);
      else await (what === 'sending' ? sending : receiving)(stage, round, killAfter);
      kills[what]++;
      await isBack(stage);
    }
    const twice = [...stage.idsPerFact()].filter(([, ids]) => ids.size > 1);
    assert.deepEqual(twice, [], 'a fact was told under two ids');
  } finally {
    await stage.close();
  }
  return kills;
}

async function killAndStart(stage: CrashStage, killAfter: number): Promise<void> {
  await pause(killAfter);
  await stage.kill();
  await stage.start();
}

async function isBack(stage: CrashStage): Promise<void> {
  const session = await stage.call<{ status: string }>(
    'GET',
    `/sessions/${SESSION}/wait?status=connected,qr&timeout=30`,
  );
  assert.equal(session.status, 'connected', 'the session came back without a QR code');
}

/** Links a second account; returns 1 when its phone had to scan a second time. */
async function linking(stage: CrashStage, round: number, killAfter: number): Promise<number> {
  const id = `linking-${round}`;
  const phone = String(15_550_110_000 + round);
  await stage.call('POST', '/sessions', { sessionId: id });
  const scanned = scanCode(stage.call, stage.sandbox, id, phone).catch(() => undefined);
  await killAndStart(stage, killAfter);
  await scanned;
  const path = `/sessions/${id}/wait?status=connected,qr,logged_out&timeout=30`;
  const { status } = await stage.call<{ status: string }>('GET', path);
  if (status === 'logged_out') await stage.call('POST', `/sessions/${id}/reconnect`);
  if (status !== 'connected') await scanCode(stage.call, stage.sandbox, id, phone);
  const linked = await stage.call<{ status: string }>('GET', `/sessions/${id}/wait?status=connected&timeout=30`);
  assert.equal(linked.status, 'connected', `${id} is linked after the kill`);
  await stage.call('DELETE', `/sessions/${id}`);
  return status === 'connected' ? 0 : 1;
}

async function sending(stage: CrashStage, round: number, killAfter: number): Promise<void> {
  // Somebody new each time: to one person no more than three messages go in a row.
  const contact = String(15_550_120_000 + round);
  await stage.known(contact);
  const texts = textsOf('out', round);
  for (const text of texts) {
    await stage.call('POST', '/messages/text', { sessionId: SESSION, to: contact, text, humanize: false });
  }
  await killAndStart(stage, killAfter);
  const shown = () => stage.sandbox.contact(contact).screen.map(({ text }) => text);
  const mine = await eventually(
    3 * DEADLINE_MS,
    'all messages on the screen',
    () => shown().filter((text) => texts.includes(text)),
    (rows) => rows.length >= texts.length,
  );
  assert.deepEqual(mine, texts, 'each message once, in order');
}

async function receiving(stage: CrashStage, round: number, killAfter: number): Promise<void> {
  const texts = textsOf('in', round);
  const contact = stage.sandbox.contact(CONTACT);
  for (const text of texts) await contact.say(stage.sandbox.account(PHONE), text);
  await killAndStart(stage, killAfter);
  for (const text of texts) {
    await stage.receiver.next(({ event, data }) => event === 'message' && data.text === text, DEADLINE_MS);
  }
}

const textsOf = (way: string, round: number): string[] =>
  Array.from({ length: MESSAGES }, (_none, at) => `${way} ${round}.${at}`);
