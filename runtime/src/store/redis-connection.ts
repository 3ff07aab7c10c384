/**
 * The one connection for commands. A command waits for the connection, is sent again when its answer was lost with it, and
 * fails when neither helped in time; it is never done after its caller was told so: each change carries the time until which
 * Redis may begin it. So whatever is sent here must come to the same when it is done twice.
 */
import { randomUUID } from 'node:crypto';
import { ReplyError } from 'ioredis';
import type { Redis } from 'ioredis';
import { CannotStart, RuntimeError, toError } from '../errors.ts';
import { RECONNECT_MS, redisClient } from './redis-client.ts';
import { checkVersion, type FunctionLibrary } from './redis-functions.ts';
import { ServerRun } from './server-run.ts';

/** How long a command may take in all, outages included. */
const COMMAND_MS = 10_000;
/** How long a start waits for a Redis that may be starting as well. */
const START_MS = 10_000;
const CONNECT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/** Redis is there and cannot do it now: it loads, is changing its role, or is busy. */
const NOT_YET = /^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNKILLABLE)\b/;
/** It refuses to take more, which only its operator can help. */
const REFUSES = /^(OOM|MISCONF)\b/;
/** What waiting does not help at a start: credentials, rights, the database's number. */
const WRONG_ADDRESS = /^(NOAUTH|WRONGPASS|NOPERM|ERR)\b/;

export interface RedisAddress {
  /** `redis://` or `rediss://`, with credentials and database number. */
  url: string;
  /** Told when the connection is lost, with why, and when it is back. */
  onConnection?: (state: 'lost' | 'back', reason: string) => void;
  /** Loaded with each connection; what is called besides is when it is missing. */
  libraries?: readonly FunctionLibrary[];
}

export interface CommandOptions {
  /** How long it may take in all, ms. */
  within?: number;
}

export interface FunctionCall {
  library: FunctionLibrary;
  name: string;
  keys: readonly string[];
  args: readonly (string | number)[];
}

/** A change, by the owner of this generation; null is not fenced. */
export interface Change extends FunctionCall {
  owner: string;
  generation: number | null;
}

export class RedisConnection {
  /** What it is called in Redis's list of connections, also after it was lost. */
  readonly name = randomUUID();
  readonly server = new ServerRun();
  readonly #redis: Redis;
  readonly #onConnection: NonNullable<RedisAddress['onConnection']>;
  readonly #libraries: readonly FunctionLibrary[];
  readonly #underWay = new Set<Promise<unknown>>();
  #waiting: { order: number; go: () => void }[] = [];
  #order = 0;
  readonly #loading = new Map<FunctionLibrary, Promise<void>>();
  /** Redis's clock less this process's, ms; null while there is no connection. */
  #clockOffset: number | null = null;
  #lastError: Error | null = null;
  #wasLost = false;
  #isClosing = false;
  /** Told, while it starts, of what waiting does not help. */
  #refused: (error: Error) => void = () => undefined;

  private constructor({ url, onConnection = () => undefined, libraries = [] }: RedisAddress) {
    this.#onConnection = onConnection;
    this.#libraries = libraries;
    const remember = (error: Error) => {
      this.#lastError = error;
    };
    const timeouts = { connectTimeout: CONNECT_MS, disconnectTimeout: RECONNECT_MS };
    this.#redis = redisClient(url, remember, { ...timeouts, connectionName: this.name });
    this.#redis.on('connect', () => this.#expectReady());
    this.#redis.on('ready', () => void this.#begin());
    this.#redis.on('close', () => this.#lost(new Error('The connection was closed.')));
  }

  /** Connects. Throws `CannotStart` when that is not possible within some seconds, or is refused. */
  static async open(address: RedisAddress): Promise<RedisConnection> {
    const connection = new RedisConnection(address);
    try {
      await connection.#start();
    } catch (error) {
      connection.#redis.disconnect();
      if (error instanceof CannotStart) throw error;
      const { host } = new URL(address.url);
      throw new CannotStart(`Redis at ${host} (REDIS_URL) cannot be used: ${toError(error).message}`);
    }
    return connection;
  }

  /** One command of Redis that changes nothing, or comes to the same when done twice. */
  command(name: string, args: readonly (string | number)[], options: CommandOptions = {}): Promise<unknown> {
    return this.#run((redis) => redis.call(name, ...args), options);
  }

  /** The time by the clock of Redis, microseconds since 1970. */
  async time(): Promise<number> {
    return microseconds(await this.command('TIME', []));
  }

  /** Calls a function registered with `reads`. */
  read({ library, name, keys, args }: FunctionCall, options: CommandOptions = {}): Promise<unknown> {
    const call = [`${library.name}_${name}`, keys.length, ...keys, ...args];
    return this.#run((redis) => this.#withLibrary(library, () => redis.call('FCALL_RO', ...call)), options);
  }

  /** Calls a function registered with `writes`. Throws `not_owner` when there is a later owner. */
  change({ library, name, keys, args, owner, generation }: Change, options: CommandOptions = {}): Promise<unknown> {
    const before = [`${library.name}_${name}`, keys.length + 1, owner, ...keys];
    return this.#run((redis, deadline) => {
      const call = [...before, deadline, generation ?? '', ...args];
      return this.#withLibrary(library, () => redis.call('FCALL', ...call));
    }, options);
  }

  /** Waits for what is under way, and ends the connection; whatever is asked afterwards is refused. */
  async close(): Promise<void> {
    this.#isClosing = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.#redis.disconnect();
  }

  async #run(send: (redis: Redis, deadline: string) => Promise<unknown>, { within = COMMAND_MS }: CommandOptions) {
    if (this.#isClosing) throw new Error('The store is closed.');
    const done = this.#attempts(send, performance.now() + within).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return await done;
  }

  async #attempts(send: (redis: Redis, deadline: string) => Promise<unknown>, until: number): Promise<unknown> {
    const order = ++this.#order;
    for (;;) {
      const offset = this.#clockOffset ?? (await this.#connected(order, until));
      try {
        return await this.#answered(send(this.#redis, (offset + until).toFixed(0)), until);
      } catch (error) {
        this.#beforeNextAttempt(toError(error), until);
      }
    }
  }

  /** Returns when the same is to be sent again, once there is a connection; throws what is to be told otherwise. */
  #beforeNextAttempt(error: Error, until: number): void {
    if (error instanceof ReplyError) {
      if (error.message.startsWith('FENCED')) throw new RuntimeError('not_owner', { cause: error });
      if (REFUSES.test(error.message)) throw this.#unavailable(error);
      // One that is late by the clock of Redis only: that was set.
      if (!NOT_YET.test(error.message) && !error.message.startsWith('LATE')) throw error;
    }
    // All that follow wait with it, so that they keep their order.
    this.#drop(error);
    if (performance.now() >= until) throw this.#unavailable(error);
  }

  #drop(why: Error): void {
    if (this.#clockOffset === null) return;
    this.#lost(why);
    this.#redis.disconnect(true);
  }

  /** Ends the connection of an answer that does not come: what follows would wait behind it. */
  async #answered(answer: Promise<unknown>, until: number): Promise<unknown> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const left = Math.max(0, until - performance.now());
    const timer = setTimeout(() => reject(new Error('Redis did not answer in time.')), left);
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Redis forgets functions when it is emptied or another takes its place. */
  async #withLibrary(library: FunctionLibrary, call: () => Promise<unknown>): Promise<unknown> {
    try {
      return await call();
    } catch (error) {
      if (!toError(error).message.includes('Function not found')) throw error;
      const loading = this.#loading.get(library) ?? this.#load(library);
      this.#loading.set(library, loading);
      await loading;
      return await call();
    }
  }

  async #load({ code }: FunctionLibrary): Promise<void> {
    try {
      await this.#redis.call('FUNCTION', 'LOAD', 'REPLACE', code);
    } finally {
      this.#loading.clear();
    }
  }

  /** Resolves in the order in which commands were first asked for. */
  async #connected(order: number, until: number): Promise<number> {
    while (this.#clockOffset === null) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const waiter = { order, go: () => resolve(undefined) };
      this.#waiting.push(waiter);
      const timer = setTimeout(waiter.go, Math.max(0, until - performance.now()));
      await promise;
      clearTimeout(timer);
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      if (this.#clockOffset === null && performance.now() >= until) throw this.#unavailable();
    }
    return this.#clockOffset;
  }

  async #start(): Promise<void> {
    const { promise: begun, resolve, reject } = Promise.withResolvers<undefined>();
    this.#refused = (error) => {
      if (error instanceof CannotStart || WRONG_ADDRESS.test(error.message)) reject(error);
    };
    const waiter = { order: 0, go: () => resolve(undefined) };
    this.#waiting.push(waiter);
    const timer = setTimeout(() => reject(this.#unavailable()), START_MS);
    this.#redis.on('error', this.#refused);
    // It goes on trying by itself.
    this.#redis.connect().catch(() => undefined);
    try {
      await begun;
    } catch (error) {
      throw this.#lastError ?? error;
    } finally {
      clearTimeout(timer);
      this.#redis.off('error', this.#refused);
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
    }
  }

  /** There is a connection: what waits for it goes on once the clocks are compared. */
  async #begin(): Promise<void> {
    let info: string;
    try {
      info = String(await this.#answered(this.#redis.info('server'), performance.now() + CONNECT_MS));
      checkVersion(info);
      // A call that is answered "not found" would be made after what was called behind it.
      for (const library of this.#libraries) await this.#answered(this.#load(library), performance.now() + CONNECT_MS);
      await this.#readClock();
    } catch (error) {
      this.#lastError = toError(error);
      this.#refused(this.#lastError);
      this.#redis.disconnect(true);
      return;
    }
    if (this.#wasLost) this.#onConnection('back', '');
    this.#wasLost = false;
    this.#lastError = null;
    const isAnother = this.server.note(info);
    for (const { go } of this.#waiting.toSorted((one, other) => one.order - other.order)) go();
    if (isAnother) this.server.tell();
  }

  /** A Redis that takes a connection and then says nothing is left again. */
  #expectReady(): void {
    const timer = setTimeout(() => this.#redis.disconnect(true), CONNECT_MS);
    const over = () => {
      clearTimeout(timer);
      for (const event of ['ready', 'close']) this.#redis.off(event, over);
    };
    for (const event of ['ready', 'close']) this.#redis.on(event, over);
  }

  async #readClock(): Promise<void> {
    const time = await this.#answered(this.#redis.call('TIME'), performance.now() + CONNECT_MS);
    // Taken when the answer is here, so that a deadline is rather too early than too late.
    this.#clockOffset = microseconds(time) / 1_000 - performance.now();
  }

  #lost(why: Error): void {
    if (this.#clockOffset === null) return;
    this.#clockOffset = null;
    this.#lastError ??= why;
    if (this.#isClosing) return;
    this.#wasLost = true;
    this.#onConnection('lost', this.#lastError.message);
  }

  #unavailable(cause: Error | null = this.#lastError): RuntimeError {
    const details = cause && REFUSES.test(cause.message) ? [`Redis refuses it: ${cause.message}`] : [];
    return new RuntimeError('store_unavailable', { retryAfter: RETRY_AFTER_SECONDS, details, cause });
  }
}

/** Of what TIME answers. */
function microseconds(time: unknown): number {
  const [seconds, rest] = time as [string, string];
  return Number(seconds) * 1_000_000 + Number(rest);
}
