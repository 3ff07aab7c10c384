/**
 * The person of a session: takes up the phone, reads, types or records in one chat at a time, and puts the phone down
 * when nothing more is to be written. Presence that fails is not worth failing a message for.
 */
import { isGroup, type Jid, type SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Step } from '../pacing/pacing.ts';
import type { LiveSocket } from '../session/session.ts';
import { sleep, sleepUnlessAborted } from '../time.ts';
import type { Chat } from './chats.ts';

/** Seen as online for this long after the last message, as someone who puts the phone down. */
const IDLE_MS = 25_000;

/** Where something is typed. */
export interface Desk {
  to: Jid;
  chat: Chat;
  live: LiveSocket;
}

export class Typist {
  readonly #session: SessionId;
  readonly #log: Logger;
  /** The connection this person is seen as online on. */
  #online: LiveSocket | null = null;
  #performing = false;
  #idle: { away: AbortController; done: Promise<void> } | null = null;

  constructor(session: SessionId, log: Logger) {
    this.#session = session;
    this.#log = log;
  }

  /** Shows typing, recording or neither in a chat, as its owner asks; when nothing follows, goes offline after a while. */
  async show(to: Jid, state: 'composing' | 'recording' | 'paused', live: LiveSocket): Promise<void> {
    await this.rest();
    if (this.#online !== live) {
      await live.setOnline(true);
      this.#online = live;
    }
    await live.chatState(to, state);
    if (!this.#performing) this.linger();
  }

  /** Performs the steps up to the sending; false when the signal aborted, and then nothing is left showing. */
  async perform(steps: Step[], desk: Desk, signal: AbortSignal): Promise<boolean> {
    await this.rest();
    this.#performing = true;
    try {
      return await this.#performAll(steps, desk, signal);
    } finally {
      this.#performing = false;
    }
  }

  async #performAll(steps: Step[], desk: Desk, signal: AbortSignal): Promise<boolean> {
    let showing = false;
    for (const step of steps) {
      if (step.kind === 'composing' || step.kind === 'recording') showing = true;
      if (step.kind === 'paused') showing = false;
      if (step.kind === 'send' || (await this.#perform(step, desk, signal))) continue;
      if (showing) await this.#try('paused', () => desk.live.chatState(desk.to, 'paused'));
      return false;
    }
    return true;
  }

  async #perform(step: Step, desk: Desk, signal: AbortSignal): Promise<boolean> {
    if (step.kind === 'wait') return await sleepUnlessAborted(step.ms, signal);
    await this.#try(step.kind, () => this.#show(step.kind, desk));
    return !signal.aborted;
  }

  async #show(kind: Exclude<Step['kind'], 'wait'>, { to, chat, live }: Desk): Promise<void> {
    switch (kind) {
      case 'available':
        this.#online = live;
        return await live.setOnline(true);
      case 'subscribe':
        // A group has no presence of its own.
        return isGroup(to) ? undefined : await live.subscribePresence(to);
      case 'composing':
      case 'recording':
      case 'paused':
        return await live.chatState(to, kind);
      case 'read': {
        const last = chat.lastReceived;
        return last ? await live.markRead(to, [last.messageId], last.participant) : undefined;
      }
      case 'send':
        return undefined;
      default:
        return kind satisfies never;
    }
  }

  async #try(what: string, show: () => Promise<void>): Promise<void> {
    try {
      await show();
    } catch (error) {
      this.#log.debug({ err: error, sessionId: this.#session, step: what }, 'presence not shown');
    }
  }

  /** Nothing more to type for now: goes offline after a while, when shown online at all. */
  linger(): void {
    const live = this.#online;
    if (!live || this.#idle) return;
    const away = new AbortController();
    const done = sleep(IDLE_MS, away.signal).then(
      async () => {
        this.#online = null;
        await this.#try('unavailable', () => live.setOnline(false));
      },
      () => undefined,
    );
    this.#idle = { away, done };
  }

  /** Ends the waiting for the time to go offline. */
  async rest(): Promise<void> {
    this.#idle?.away.abort();
    await this.#idle?.done;
    this.#idle = null;
  }
}
