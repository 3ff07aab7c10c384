import type { IDataObject } from 'n8n-workflow';

/** What the runtime posts. */
export interface EventEnvelope {
  id: string;
  event: string;
  sessionId: string;
  sessionHash: string;
  sequence: number;
  timestamp: number;
  data: IDataObject;
}

/** Reads a delivery's body; null when it is not an event. */
export function readEvent(body: unknown): EventEnvelope | null {
  if (!isObject(body) || !isObject(body.data)) return null;
  const { id, event, sessionId, sessionHash, sequence, timestamp } = body;
  if (typeof id !== 'string' || typeof event !== 'string' || typeof sessionId !== 'string') return null;
  if (typeof sessionHash !== 'string' || typeof sequence !== 'number' || typeof timestamp !== 'number') return null;
  return { id, event, sessionId, sessionHash, sequence, timestamp, data: body.data };
}

/** The item a workflow works with: what happened beside where and when, nothing nested that need not be. */
export const toItem = ({ id, data, ...envelope }: EventEnvelope): IDataObject => ({
  ...data,
  ...envelope,
  eventId: id,
});

export const isObject = (value: unknown): value is IDataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
