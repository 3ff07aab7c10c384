/** How rows of every engine are written and read: as Keyv does, on which all key-value access is. */
import Keyv, { type DeserializedData } from 'keyv';
import type { KeyValue } from './store.ts';

export interface KeyValueEntry {
  key: string;
  value: string;
  /** Milliseconds from now; none keeps it for ever, zero or less is accepted and does not survive. */
  ttl?: number | undefined;
}

/** When an entry written now is over, ms since 1970; null for never. */
export function expiry(now: number, ttl: number | undefined): number | null {
  if (ttl === undefined) return null;
  // SQLite would take NaN for NULL and keep the value for ever.
  if (!Number.isFinite(ttl)) throw new TypeError(`A time to live cannot be ${ttl}.`);
  return Math.ceil(now + ttl);
}

// The namespace is part of the engine, so Keyv's own prefix would only be in the way; and a lost write must never be silent.
export const openKeyValue = (store: object, namespace: string): KeyValue =>
  new Keyv({ store, namespace, useKeyPrefix: false, throwOnErrors: true, serialize: written, deserialize });

/** As Keyv writes it, so that Keyv reads it. */
export function serialize({ serialize: write }: KeyValue, value: unknown): string {
  const text = write?.({ value, expires: undefined });
  if (typeof text !== 'string') throw new TypeError('Rows are serialised at once.');
  return text;
}

/** What Keyv writes in a way of its own: bytes, and text that begins with a colon. */
const KEYVS_OWN = /"::|":base64:/;
/** Bytes as JSON has them. */
const BYTES = '"type":"Buffer"';
const keyvs = new Keyv();

/** As Keyv writes it, which puts it together piece by piece; nearly always there is nothing of its own in it. */
function written(data: DeserializedData<unknown>): string {
  const text = JSON.stringify(data);
  return KEYVS_OWN.test(text) || text.includes(BYTES) ? String(keyvs.serialize?.(data)) : text;
}

/** As Keyv reads it, which looks at each value of a row; nearly always there is nothing to be found. */
export function deserialize<Value>(text: string): DeserializedData<Value> {
  const read = KEYVS_OWN.test(text) ? keyvs.deserialize?.<Value>(text) : (JSON.parse(text) as DeserializedData<Value>);
  if (!read || read instanceof Promise) throw new TypeError('Rows are read at once.');
  return read;
}
